-- May this job post now? One answer, and the job is put where the answer says.
-- A job keeps its account's slot while it waits for a hold or a limit: at most `slots` jobs of an
-- account ever have timers, and the rest of its line costs nothing.
-- ARGV 1 ticket  2 fence  3 account  4 job id
--      5 slots of the account (0: only asks whether the id is the job's own)  6 'post' or 'draft'
--      7 limit in the window (-1: none)  8 window (ms)  9 jitter (ms)
--      10 not before (ms since 1970; 0: now)  11 not after (ms since 1970; 0: no end)
--      12 accounts that may post in the window (0: no limit)
--      then endpoint, calls in a minute for each call that the post begins with
-- Returns {'stale'} | {'duplicate'} | {'cancelled'} | {'expired'} | {'run'}, or, with the lease
--   ended, {'schedule' | 'busy' | 'hold' | 'pause' | 'limit' | 'accounts' | 'calls', until}
--   (ms since 1970; 0: nobody knows). A run has its calls counted already.
local ticket, account, id, kind = ARGV[1], ARGV[3], ARGV[4], ARGV[6]
local job, slots = JOB_OF .. ticket, SLOTS_OF .. account
local known = redis.call('HMGET', job, 'fence', 'queue')
if known[1] ~= ARGV[2] then return {'stale'} end

local owner = redis.call('SET', OWNER_OF .. id, ticket, 'NX', 'GET')
if owner and owner ~= ticket then return {'duplicate'} end
redis.call('HSET', job, 'account', account, 'id', id)
if tonumber(ARGV[5]) == 0 then return {'run'} end
if redis.call('ZSCORE', CANCELS, id) then return {'cancelled'} end

local counted = COUNTED_OF .. kind .. ':' .. account
local window, limit = tonumber(ARGV[8]), tonumber(ARGV[7])
local is_counted = redis.call('ZSCORE', counted, ticket)
local expires = tonumber(ARGV[11])
-- A job that has begun goes on in turn: its post may be half done.
if expires > 0 and expires <= now and not is_counted then return {'expired'} end

-- A job that would wait beyond its end is woken to end in time.
local function park(answer, due, jitter)
  release(ticket)
  due = due + jitter
  if expires > now and expires < due then due = expires end
  redis.call('ZADD', TIMERS_OF .. known[2], due, ticket)
  return {answer, due}
end

local scheduled, jitter = tonumber(ARGV[10]), tonumber(ARGV[9])
if scheduled > now then return park('schedule', scheduled, 0) end

if redis.call('SISMEMBER', slots, ticket) == 0 then
  if redis.call('SCARD', slots) >= tonumber(ARGV[5]) then
    release(ticket)
    redis.call('RPUSH', LINE_OF .. account, ticket)
    redis.call('HINCRBY', IN_LINE, known[2], 1)
    return {'busy', 0}
  end
  redis.call('SADD', slots, ticket)
end

local pause = redis.call('PTTL', PAUSE_OF .. 'account:' .. account)
if pause > 0 then return park('pause', now + pause, jitter) end
if pause == -1 then
  -- Without an end it is looked at again now and then; whoever resumes the account wakes it.
  local answer = park('pause', now + 3600000, jitter)
  return {answer[1], 0}
end
local hold = redis.call('GET', HOLD_OF .. account)
if hold then return park('hold', tonumber(string.match(hold, '^%d+')), jitter) end

-- One member for each post of the window: a job counts once however often it comes.
redis.call('ZREMRANGEBYSCORE', counted, '-inf', now - window)
is_counted = redis.call('ZSCORE', counted, ticket)
if limit >= 0 and not is_counted and redis.call('ZCARD', counted) >= limit then
  local oldest = redis.call('ZRANGE', counted, 0, 0, 'WITHSCORES')[2]
  -- A limit of zero frees nothing by itself; somebody may raise it.
  return park('limit', oldest and tonumber(oldest) + window + 1 or now + 3600000, jitter)
end

local accounts = tonumber(ARGV[12])
if accounts > 0 and kind == 'post' then
  redis.call('ZREMRANGEBYSCORE', ACTIVE, '-inf', now - window)
  if redis.call('ZCARD', ACTIVE) >= accounts and not redis.call('ZSCORE', ACTIVE, account) then
    local oldest = redis.call('ZRANGE', ACTIVE, 0, 0, 'WITHSCORES')[2]
    return park('accounts', tonumber(oldest) + window + 1, jitter)
  end
  redis.call('ZADD', ACTIVE, now, account)
end

for i = 13, #ARGV, 2 do
  local next = next_call(account, ARGV[i], tonumber(ARGV[i + 1]))
  if next > now then return park('calls', next, jitter) end
end
for i = 13, #ARGV, 2 do note_call(account, ARGV[i], tonumber(ARGV[i + 1])) end

redis.call('ZADD', counted, now, ticket)
redis.call('PEXPIRE', counted, window + 60000)
return {'run'}
