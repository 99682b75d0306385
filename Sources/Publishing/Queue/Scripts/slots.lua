-- The slots of an account's lanes: who is next.

-- The first in the line of a lane become ready as owners of the slots that are free. There may be
-- fewer or more slots than when the line began.
local function fill_slots(lane, slots)
  local free = slots - redis.call('SCARD', SLOTS_OF .. lane)
  while free > 0 do
    local next = redis.call('ZPOPMIN', LINE_OF .. lane)[1]
    if not next then return end
    local queue = make_ready(next)
    if queue then
      redis.call('SADD', SLOTS_OF .. lane, next)
      redis.call('HINCRBY', IN_LINE, queue, -1)
      free = free - 1
    end
  end
end

-- Gives a slot of a lane back, if the job has one; then it is the line's.
local function free_slot(lane, ticket, slots)
  if redis.call('SREM', SLOTS_OF .. lane, ticket) == 1 then fill_slots(lane, slots) end
end

-- Lets the owners of a lane's slots look again whether they may go on; with a reason only those
-- that were parked for it.
local function ring(lane, reason)
  for _, ticket in ipairs(redis.call('SMEMBERS', SLOTS_OF .. lane)) do
    local job = redis.call('HMGET', JOB_OF .. ticket, 'queue', 'fence', 'reason', 'woken')
    if job[2] then
      -- A worker may be about to park it by what it was told before; two reasons stand for all.
      local heard = job[4] or reason or '*'
      redis.call('HSET', JOB_OF .. ticket, 'woken', heard == reason and reason or '*')
    elseif job[1] and (not reason or job[3] == reason)
      and redis.call('ZREM', TIMERS_OF .. job[1], ticket) == 1
    then
      make_ready(ticket)
    end
  end
end
