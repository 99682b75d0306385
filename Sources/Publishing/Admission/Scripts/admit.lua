-- May this job post now? One answer, and the job is put where the answer says.
-- A job keeps its account's slot while it waits for a hold or a limit: at most `slots` jobs of an
-- account ever have timers, and the rest of its line costs nothing.
-- ARGV 1 ticket  2 fence  3 account  4 job id
--      5 slots of the account (0: only asks whether the id is the job's own)  6 'post' or 'draft'
--      7 limit in the window (-1: none)  8 window (ms)  9 jitter (ms)
--      10 not before (ms since 1970; 0: now)
-- Returns {'stale'} | {'duplicate'} | {'run'}, or, with the lease ended,
--   {'schedule', until} | {'busy', 0} | {'hold', until} | {'limit', until} (ms since 1970)
local ticket, account, id, kind = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
if is_stale(ticket, ARGV[2]) then return {'stale'} end
local job, slots = JOB_OF .. ticket, SLOTS_OF .. account

local owner = redis.call('GET', OWNER_OF .. id)
if owner and owner ~= ticket then return {'duplicate'} end
redis.call('SET', OWNER_OF .. id, ticket)
redis.call('HSET', job, 'account', account, 'id', id)

if tonumber(ARGV[5]) == 0 then return {'run'} end

local function release()
  end_lease(ticket)
  redis.call('HDEL', DELIVERIES, ticket)
end

local function park(answer, due)
  release()
  redis.call('ZADD', TIMERS_OF .. redis.call('HGET', job, 'queue'), due + tonumber(ARGV[9]), ticket)
  return {answer, due}
end

local scheduled = tonumber(ARGV[10])
if scheduled > now then
  release()
  redis.call('ZADD', TIMERS_OF .. redis.call('HGET', job, 'queue'), scheduled, ticket)
  return {'schedule', scheduled}
end

if redis.call('SISMEMBER', slots, ticket) == 0 then
  if redis.call('SCARD', slots) >= tonumber(ARGV[5]) then
    release()
    redis.call('RPUSH', LINE_OF .. account, ticket)
    return {'busy', 0}
  end
  redis.call('SADD', slots, ticket)
end

local hold = tonumber(redis.call('GET', HOLD_OF .. account) or 0)
if hold > now then return park('hold', hold) end

-- One member for each post and draft of the window: a job counts once however often it comes.
local counted, window, limit = COUNTED_OF .. account, tonumber(ARGV[8]), tonumber(ARGV[7])
local member = kind .. ' ' .. ticket
redis.call('ZREMRANGEBYSCORE', counted, '-inf', now - window)
if limit >= 0 and not redis.call('ZSCORE', counted, member) then
  local same, oldest = 0, nil
  for _, other in ipairs(redis.call('ZRANGE', counted, 0, -1)) do
    if string.sub(other, 1, #kind) == kind then
      same, oldest = same + 1, oldest or other
    end
  end
  if same >= limit then
    -- A limit of zero frees nothing by itself; somebody may raise it.
    if not oldest then return park('limit', now + 3600000) end
    return park('limit', tonumber(redis.call('ZSCORE', counted, oldest)) + window + 1)
  end
end
redis.call('ZADD', counted, 'NX', now, member)
redis.call('PEXPIRE', counted, window * 2)
return {'run'}
