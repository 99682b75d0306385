-- Ends a worker's hold on a job: it is done, is parked until a time, or goes to the dead letters.
-- ARGV 1 ticket  2 fence  3 'done', 'park' or 'dead'  4 park for (ms; 0: ready at once)
--      5 stage to go on at  6 polls so far  7 attempts so far  8 '1': the post does not count
--      9 hold the account for (ms; 0: no)  10 why  11 how long a finished job's id is kept (ms)
--      12 '1': keep the account's slot: what the job waits for concerns the whole account
-- Returns 1, or -1 when the job is no longer this worker's; then nothing was changed.
local ticket = ARGV[1]
local job = redis.call('HMGET', JOB_OF .. ticket, 'fence', 'account', 'id', 'queue')
if job[1] ~= ARGV[2] then return -1 end
release(ticket)

local account, id, queue = job[2], job[3], job[4]
if account then
  if ARGV[8] == '1' then
    redis.call('ZREM', COUNTED_OF .. 'draft:' .. account, ticket)
    local posts = COUNTED_OF .. 'post:' .. account
    if redis.call('ZREM', posts, ticket) == 1 and redis.call('EXISTS', posts) == 0 then
      redis.call('ZREM', ACTIVE, account)
    end
  end
  local hold = now + tonumber(ARGV[9])
  if hold > now then
    local old = redis.call('GET', HOLD_OF .. account)
    if not old or hold > tonumber(string.match(old, '^%d+')) then
      redis.call('SET', HOLD_OF .. account, string.format('%d %s', hold, ARGV[10]), 'PXAT', hold)
    end
  end
  if ARGV[12] ~= '1' then free_slot(account, ticket) end
end

-- The id stays taken for a while; PostgreSQL refuses it ever after.
local function forget(gone, name)
  redis.call('UNLINK', JOB_OF .. gone)
  if not name then return end
  redis.call('ZREM', CANCELS, name)
  if redis.call('GET', OWNER_OF .. name) == gone then
    redis.call('PEXPIRE', OWNER_OF .. name, ARGV[11])
  end
end

if ARGV[3] == 'done' then
  forget(ticket, id)
elseif ARGV[3] == 'dead' then
  redis.call('HSET', JOB_OF .. ticket, 'attempts', ARGV[7], 'reason', ARGV[10])
  redis.call('ZADD', DEAD, now, ticket)
  if id then redis.call('ZREM', CANCELS, id) end
  -- Dead letters end after 90 days, and beyond 10,000 the oldest go first; the history keeps all.
  local old = redis.call('ZRANGEBYSCORE', DEAD, '-inf', now - 90 * 86400000, 'LIMIT', 0, 10)
  if redis.call('ZCARD', DEAD) > 10000 then old = redis.call('ZRANGE', DEAD, 0, 1) end
  for _, gone in ipairs(old) do
    redis.call('ZREM', DEAD, gone)
    forget(gone, redis.call('HGET', JOB_OF .. gone, 'id'))
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
