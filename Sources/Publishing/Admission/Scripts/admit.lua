-- May this job post now? One answer; the job stays under its lease, so that a worker that dies
-- before it has written the answer down loses nothing.
-- The posts and the drafts of an account are two lanes, each with slots, a line and a hold of its
-- own, for their limits are apart. A job keeps its lane's slot while it waits for a hold or a
-- limit: at most `slots` jobs of a lane wait for it with timers, and the rest of its line costs
-- nothing. Of both lanes together, so many run.
-- ARGV 1 ticket  2 fence  3 account  4 job id
--      5 slots (0: only asks whether the id is the job's own)  6 'post' or 'draft'
--      7 limit in the window (-1: none)  8 window (ms)  9 jitter (ms)
--      10 not before (ms since 1970; 0: now)  11 not after (ms since 1970; 0: no end)
--      12 accounts that may post in the window (0: no limit)
--      13 '1': the rate of its task is used up
--      then endpoint, calls in a minute for each call that the post begins with
-- Returns {'stale'} | {'duplicate'} | {'cancelled'} | {'expired'} | {'run'} | {'line'} |
--   {'rate'}: all but its task's rate lets it post, or
--   {'schedule' | 'busy' | 'hold' | 'pause' | 'limit' | 'accounts' | 'calls', ms to wait,
--   '1' when nobody knows the end and the job only looks again, what the hold is for}. A run has
--   its calls counted already.
local ticket, account, id, kind = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
local lane = kind .. ':' .. account
local job, slots = JOB_OF .. ticket, SLOTS_OF .. lane
local known = redis.call('HMGET', job, 'fence', 'slots')
if known[1] ~= ARGV[2] then return {'stale'} end

local owner = redis.call('SET', OWNER_OF .. id, ticket, 'NX', 'GET')
if owner and owner ~= ticket then return {'duplicate'} end
local names = {'account', account, 'id', id, 'lane', lane}
if ARGV[5] == '0' then
  if not known[2] then redis.call('HSET', job, unpack(names)) end
  return {'run'}
end
if known[2] ~= ARGV[5] then redis.call('HSET', job, 'slots', ARGV[5], unpack(names)) end
if redis.call('ZSCORE', CANCELS, id) then return {'cancelled'} end

-- One member for each post of the window: a job counts once however often it comes.
local counted, window = COUNTED_OF .. lane, ARGV[8]

-- A job that has begun goes on in turn: its post may be half done.
local expires = tonumber(ARGV[11])
if expires > 0 and expires <= now and not redis.call('ZSCORE', counted, ticket) then
  return {'expired'}
end

-- A job that would wait beyond its end is woken to end in time.
local function wait(answer, due, is_open, reason)
  if expires > now and expires < due then due = expires end
  return {answer, due - now, is_open and '1' or '', reason or ''}
end

local scheduled, jitter = tonumber(ARGV[10]), ARGV[9]
if scheduled > now then return wait('schedule', scheduled) end

-- A free slot is the line's where there is one, also when slots were added since it began.
if redis.call('SISMEMBER', slots, ticket) == 0 then
  if redis.call('EXISTS', LINE_OF .. lane) == 1
    or redis.call('SCARD', slots) >= tonumber(ARGV[5])
  then
    return {'line'}
  end
  redis.call('SADD', slots, ticket)
end

local paused = PAUSE_OF .. 'account:' .. account
local stops = redis.call('MGET', paused, HOLD_OF .. lane)
if stops[1] then
  local left = redis.call('PTTL', paused)
  -- Without an end it is looked at again now and then; whoever resumes the account wakes it.
  return wait('pause', now + (left < 0 and 3600000 or left) + jitter, left < 0)
end
if stops[2] then
  local due, reason = string.match(stops[2], '^(%d+) ([a-z_]*)')
  return wait('hold', due + jitter, false, reason)
end

-- Posts that left the window are only swept out when it looks full.
local limit = tonumber(ARGV[7])
local room = limit < 0 and 10000 or limit
if redis.call('ZCARD', counted) >= room then
  redis.call('ZREMRANGEBYSCORE', counted, '-inf', now - window)
  if limit >= 0 and redis.call('ZCARD', counted) >= limit
    and not redis.call('ZSCORE', counted, ticket)
  then
    local oldest = redis.call('ZRANGE', counted, 0, 0, 'WITHSCORES')[2]
    -- A limit of zero frees nothing by itself; somebody may raise it.
    return wait('limit', (oldest and oldest + window + 1 or now + 3600000) + jitter, not oldest)
  end
end

local accounts = tonumber(ARGV[12])
if accounts > 0 and kind == 'post' then
  redis.call('ZREMRANGEBYSCORE', ACTIVE, '-inf', now - window)
  if redis.call('ZCARD', ACTIVE) >= accounts and not redis.call('ZSCORE', ACTIVE, account) then
    local oldest = redis.call('ZRANGE', ACTIVE, 0, 0, 'WITHSCORES')[2]
    return wait('accounts', oldest + window + 1 + jitter)
  end
end

-- What has begun goes on all the same.
if ARGV[13] == '1' and not redis.call('ZSCORE', counted, ticket) then return {'rate'} end

-- Who waits for the other lane is rung when it is through (settle.lua); the time is for accidents.
local running = RUNNING_OF .. account
local is_new = redis.call('SADD', running, ticket) == 1
if is_new and redis.call('SCARD', running) > tonumber(ARGV[5]) then
  redis.call('SREM', running, ticket)
  return wait('busy', now + 60000, true)
end

for i = 14, #ARGV, 2 do
  local next = note_call(account, ARGV[i], ARGV[i + 1])
  if next then
    for before = 14, i - 2, 2 do
      redis.call('LPOP', CALLS_OF .. ARGV[before] .. ':' .. account)
    end
    if is_new then redis.call('SREM', running, ticket) end
    return wait('calls', next + jitter)
  end
end
-- Also without a limit: whoever sets one finds the last day counted.
if kind == 'post' then redis.call('ZADD', ACTIVE, now, account) end

redis.call('ZADD', counted, now, ticket)
redis.call('PEXPIRE', counted, window + 60000)
return {'run'}
