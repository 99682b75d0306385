-- Ends a worker's hold on a job: it is done, is parked until a time, stands in the line of its
-- account, or goes to the dead letters.
-- ARGV 1 ticket  2 fence  3 'done', 'park', 'line' or 'dead'  4 park for (ms; 0: ready at once)
--      5 stage to go on at  6 polls so far  7 attempts so far  8 '1': the post does not count
--      9 hold the account for (ms; 0: no)  10 why  11 how long a finished job's id is kept (ms)
--      12 '1': keep the account's slot, for what the job waits for concerns the whole account;
--         '2': keep it if the job has it; '0': free it
--      13 what the others of the account wait for while it is held (waiting_for of the history)
--      then the calls that were counted with the job's latest admission and not made
-- Returns 1, or -1 when the job is no longer this worker's; then nothing was changed.
local ticket = ARGV[1]
local job = redis.call('HMGET', JOB_OF .. ticket,
  'fence', 'lane', 'id', 'queue', 'slots', 'woken', 'hinted', 'revoked')
if job[1] ~= ARGV[2] then return -1 end
if ARGV[3] == 'done' then redis.call('ZREM', LEASES, ticket) else release(ticket) end
if job[7] then redis.call('HDEL', JOB_OF .. ticket, 'hinted') end

local lane, id, queue, slots = job[2], job[3], job[4], tonumber(job[5] or 1)
if lane then
  local kind, account = string.match(lane, '^(%a+):(.*)$')
  local counted = #ARGV > 13 and redis.call('ZSCORE', COUNTED_OF .. lane, ticket)
  for i = 14, counted and #ARGV or 0 do
    -- Admission noted the calls and the post in the same moment.
    redis.call('LREM', CALLS_OF .. ARGV[i] .. ':' .. account, 1, counted)
  end
  if ARGV[8] == '1' and redis.call('ZREM', COUNTED_OF .. lane, ticket) == 1 then
    -- There is room again for one that was told to wait for another day.
    ring(lane, kind == 'post' and 'daily_limit' or 'draft_limit')
    -- The account is active since the latest post that still counts.
    local latest = redis.call('ZRANGE', COUNTED_OF .. lane, -1, -1, 'WITHSCORES')[2]
    if latest and kind == 'post' then
      redis.call('ZADD', ACTIVE, 'XX', latest, account)
    elseif kind == 'post' then
      redis.call('ZREM', ACTIVE, account)
    end
  end
  if redis.call('SREM', RUNNING_OF .. account, ticket) == 1 then
    ring('post:' .. account, 'account_busy')
    ring('draft:' .. account, 'account_busy')
  end
  local hold = now + tonumber(ARGV[9])
  if hold > now then
    local old = redis.call('GET', HOLD_OF .. lane)
    if not old or hold > tonumber(string.match(old, '^%d+')) then
      redis.call('SET', HOLD_OF .. lane,
        string.format('%d %s %s', hold, ARGV[13], ARGV[10]), 'PXAT', hold)
    end
  end
  if ARGV[12] == '0' then free_slot(lane, ticket, slots) end
end

-- The id stays taken for a while; PostgreSQL refuses it ever after. Only its owner bears an id.
local function forget(gone, name)
  redis.call('UNLINK', JOB_OF .. gone)
  if not name then return end
  redis.call('ZREM', CANCELS, name)
  redis.call('PEXPIRE', OWNER_OF .. name, ARGV[11])
end

-- The job has ended, and its row says how: callers of the same id under other tasks ask again now.
local is_end = ARGV[5] == 'reconcile' or ARGV[5] == 'moderation'
if id and (ARGV[3] == 'done' or ARGV[3] == 'dead' or is_end) then
  -- Beyond these, they wake by their own timers.
  for _, asker in ipairs(redis.call('SPOP', ASKERS_OF .. id, 1000)) do
    local place = redis.call('HGET', JOB_OF .. asker, 'queue')
    if place and redis.call('ZREM', TIMERS_OF .. place, asker) == 1 then make_ready(asker) end
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
  if id and ARGV[5] == '' and ARGV[12] ~= '2'
    and (job[8] or redis.call('ZSCORE', CANCELS, id))
  then
    -- Somebody asked for it to stop while this turn went on: its next one ends it. What is handed
    -- back waits all the same: it may be that its end cannot be recorded.
    redis.call('LPUSH', READY_OF .. queue, ticket)
  elseif (ARGV[5] ~= '' or ARGV[10] == 'duplicate') and job[7] then
    -- TikTok sent word of the post while it was being asked about, or the caller of a duplicate
    -- revoked it: it is looked at again at once.
    redis.call('LPUSH', READY_OF .. queue, ticket)
  elseif ARGV[3] == 'line' then
    -- By its fence: who was claimed first stands first, however late its worker says so.
    redis.call('ZADD', LINE_OF .. lane, ARGV[2], ticket)
    redis.call('HINCRBY', IN_LINE, queue, 1)
    -- A slot may have become free meanwhile: nobody else would call the first in line.
    fill_slots(lane, slots)
  elseif ARGV[12] == '1' and lane
    and (job[6] == '*' or job[6] == ARGV[10]
      or redis.call('SISMEMBER', SLOTS_OF .. lane, ticket) == 0)
  then
    -- What the account waits for has changed meanwhile, or the job owns no slot to keep: admission
    -- puts it where whoever waits for the account belongs.
    redis.call('LPUSH', READY_OF .. queue, ticket)
  elseif delay > 0 then
    redis.call('ZADD', TIMERS_OF .. queue, now + delay, ticket)
  else
    redis.call('LPUSH', READY_OF .. queue, ticket)
  end
end
return 1
