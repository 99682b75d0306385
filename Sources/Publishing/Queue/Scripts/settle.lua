-- Ends a worker's hold on a job: it is done, is parked until a time, or goes to the dead letters.
-- ARGV 1 ticket  2 fence  3 'done', 'park' or 'dead'  4 park for (ms; 0: ready at once)
--      5 stage to go on at  6 polls so far  7 attempts so far  8 '1': the post does not count
--      9 hold the account for (ms; 0: no)  10 why  11 how long a finished job's id is kept (ms)
-- Returns 1, or -1 when the job is no longer this worker's; then nothing was changed.
local ticket = ARGV[1]
if is_stale(ticket, ARGV[2]) then return -1 end
end_lease(ticket)
-- The worker lived to tell: this is not a job that kills workers.
redis.call('HDEL', DELIVERIES, ticket)

local job = redis.call('HMGET', JOB_OF .. ticket, 'account', 'id', 'queue')
local account, id, queue = job[1], job[2], job[3]
if account then
  if ARGV[8] == '1' then
    redis.call('ZREM', COUNTED_OF .. account, 'post ' .. ticket, 'draft ' .. ticket)
  end
  local hold = tonumber(ARGV[9])
  if hold > 0 and now + hold > tonumber(redis.call('GET', HOLD_OF .. account) or 0) then
    redis.call('SET', HOLD_OF .. account, now + hold, 'PX', hold)
  end
  free_slot(account, ticket)
end

if ARGV[3] == 'done' then
  redis.call('UNLINK', JOB_OF .. ticket)
  if id and redis.call('GET', OWNER_OF .. id) == ticket then
    redis.call('PEXPIRE', OWNER_OF .. id, ARGV[11])
  end
elseif ARGV[3] == 'dead' then
  redis.call('HSET', JOB_OF .. ticket, 'attempts', ARGV[7], 'reason', ARGV[10])
  redis.call('ZADD', DEAD, now, ticket)
  -- Dead letters end after 90 days, and beyond 10,000 the oldest go first; the history keeps all.
  local old = redis.call('ZRANGEBYSCORE', DEAD, '-inf', now - 90 * 86400000, 'LIMIT', 0, 10)
  if redis.call('ZCARD', DEAD) > 10000 then old = redis.call('ZRANGE', DEAD, 0, 1) end
  for _, gone in ipairs(old) do
    local name = redis.call('HGET', JOB_OF .. gone, 'id')
    if name and redis.call('GET', OWNER_OF .. name) == gone then
      redis.call('PEXPIRE', OWNER_OF .. name, ARGV[11])
    end
    redis.call('ZREM', DEAD, gone)
    redis.call('UNLINK', JOB_OF .. gone)
  end
else
  redis.call('HSET', JOB_OF .. ticket,
    'stage', ARGV[5], 'polls', ARGV[6], 'attempts', ARGV[7], 'reason', ARGV[10])
  local delay = tonumber(ARGV[4])
  if delay > 0 then
    redis.call('ZADD', TIMERS_OF .. queue, now + delay, ticket)
  else
    redis.call('LPUSH', READY_OF .. queue, ticket)
  end
end
return 1
