-- Makes jobs whose lease has ended ready again, and forgets workers that are gone. Such a job keeps
-- its account's slot: it is the first to go on. Its delivery count stays, so that a job that kills
-- its workers is found out.
-- ARGV 1 most jobs  2 forget workers silent for (ms), then the queues of this worker
-- Returns {how many, ms until the next timer of these queues or -1}.
local ended = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, ARGV[1])
for _, ticket in ipairs(ended) do
  redis.call('ZREM', LEASES, ticket)
  redis.call('HDEL', JOB_OF .. ticket, 'fence')
  make_ready(ticket)
end

local gone = redis.call('ZRANGEBYSCORE', WORKERS, '-inf', now - tonumber(ARGV[2]), 'LIMIT', 0, 100)
if #gone > 0 then
  redis.call('ZREM', WORKERS, unpack(gone))
  redis.call('HDEL', WORKER_STATES, unpack(gone))
end

local next = -1
for i = 3, #ARGV do
  local timer = redis.call('ZRANGE', TIMERS_OF .. ARGV[i], 0, 0, 'WITHSCORES')
  if timer[2] then
    local left = math.max(0, tonumber(timer[2]) - now)
    if next < 0 or left < next then next = left end
  end
end
return {#ended, next}
