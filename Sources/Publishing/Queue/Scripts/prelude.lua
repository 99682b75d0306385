#!lua flags=allow-oom
-- Stands before every other script. KEYS are the same for all of them, in the order of
-- QueueKeys.swift; those that end in _OF are prefixes, completed by a ticket, a list's name, an
-- account or a job id.
-- allow-oom: a queue that is full must still be able to finish jobs (Redis 7.0 or newer).
local LEASES, FENCES, DELIVERIES, LAST_FENCE, DEAD = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local JOB_OF, READY_OF, STAGE_OF, TIMERS_OF = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local SLOTS_OF, LINE_OF, COUNTED_OF = KEYS[10], KEYS[11], KEYS[12]
local HOLD_OF, OWNER_OF = KEYS[13], KEYS[14]

-- Milliseconds on Redis's clock, the only clock that all workers share.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function is_stale(ticket, fence)
  return redis.call('HGET', FENCES, ticket) ~= fence
end

local function end_lease(ticket)
  redis.call('ZREM', LEASES, ticket)
  redis.call('HDEL', FENCES, ticket)
end

local function make_ready(ticket)
  redis.call('LPUSH', READY_OF .. redis.call('HGET', JOB_OF .. ticket, 'queue'), ticket)
end

-- Gives the account's slot to the next in its line, who becomes ready as its owner.
local function free_slot(account, ticket)
  if redis.call('SREM', SLOTS_OF .. account, ticket) == 0 then return end
  local next = redis.call('LPOP', LINE_OF .. account)
  if next then
    redis.call('SADD', SLOTS_OF .. account, next)
    make_ready(next)
  end
end
