-- Makes jobs whose lease has ended ready again, and forgets what is long over. Such a job keeps
-- its account's slot: it is the first to go on. Its delivery count stays, so that a job that kills
-- its workers is found out. One that was lost before goes on a little later, and each of those that
-- were lost together at another moment: else bystanders die with the culprit until they are
-- taken for one.
-- ARGV 1 most jobs  2 forget workers silent for (ms), then the queues of this worker
-- Returns {how many, ms until the next timer of these queues or -1}.
local ended = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, ARGV[1])
for i, ticket in ipairs(ended) do
  redis.call('ZREM', LEASES, ticket)
  redis.call('HDEL', JOB_OF .. ticket, 'fence')
  local job = redis.call('HMGET', JOB_OF .. ticket, 'queue', 'deliveries')
  local deliveries = tonumber(job[2] or 1)
  if job[1] and deliveries > 1 then
    local spread = 1000 * 2 ^ math.min(deliveries, 4)
    local due = math.floor(now + spread * (0.5 + (i * 37 % 100) / 100))
    redis.call('ZADD', TIMERS_OF .. job[1], due, ticket)
  elseif job[1] then
    make_ready(ticket)
  end
end

-- A day is asked about; two are kept, so that nobody's day is cut short.
redis.call('ZREMRANGEBYSCORE', ACTIVE, '-inf', now - 2 * 86400000)

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
