-- Stands before every other script, after the keys (QueueKeys.swift says what each of them holds).

-- Milliseconds on Redis's clock, the only clock that all workers share.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A job has a fence exactly while somebody holds its lease.
local function is_stale(ticket, fence)
  return redis.call('HGET', JOB_OF .. ticket, 'fence') ~= fence
end

-- The worker lived to tell: this is not a job that kills workers.
local function release(ticket)
  redis.call('ZREM', LEASES, ticket)
  redis.call('HDEL', JOB_OF .. ticket, 'fence', 'deliveries')
end

local function make_ready(ticket)
  local queue = redis.call('HGET', JOB_OF .. ticket, 'queue')
  if queue then redis.call('LPUSH', READY_OF .. queue, ticket) end
  return queue
end

-- Gives the account's slot to the next in its line, who becomes ready as its owner.
local function free_slot(account, ticket)
  if redis.call('SREM', SLOTS_OF .. account, ticket) == 0 then return end
  local next = redis.call('LPOP', LINE_OF .. account)
  while next do
    local queue = make_ready(next)
    if queue then
      redis.call('SADD', SLOTS_OF .. account, next)
      redis.call('HINCRBY', IN_LINE, queue, -1)
      return
    end
    next = redis.call('LPOP', LINE_OF .. account)
  end
end

-- TikTok counts the calls of each endpoint in a sliding minute. A call is counted up to five
-- seconds before it is made (Pacer.swift), and a second makes up for the way from here to there.
local CALL_WINDOW = 66000

-- Counts a call, unless the account has used up its minute.
-- Returns nothing when the call may be made, else the time at which it may.
local function note_call(account, endpoint, limit)
  local times = CALLS_OF .. endpoint .. ':' .. account
  if redis.call('LPUSH', times, now) > tonumber(limit) then
    local oldest = redis.call('LINDEX', times, limit)
    if oldest + CALL_WINDOW > now then
      redis.call('LPOP', times)
      return oldest + CALL_WINDOW
    end
    redis.call('LTRIM', times, 0, limit - 1)
  end
  redis.call('PEXPIRE', times, CALL_WINDOW)
end

local function forget_call(account, endpoint)
  redis.call('LPOP', CALLS_OF .. endpoint .. ':' .. account)
end
