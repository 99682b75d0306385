-- Renews the leases of one worker's jobs, and says that the worker lives.
-- ARGV 1 lease (ms)  2 worker  3 what it is doing (JSON), then ticket, fence for each job
-- Returns {tickets that are no longer this worker's, tickets that somebody asked to cancel}.
redis.call('ZADD', WORKERS, now, ARGV[2])
redis.call('HSET', WORKER_STATES, ARGV[2], ARGV[3])

local are_cancels = redis.call('ZCARD', CANCELS) > 0
local lost, cancelled = {}, {}
for i = 4, #ARGV, 2 do
  local ticket = ARGV[i]
  local job = redis.call('HMGET', JOB_OF .. ticket, 'fence', 'id')
  if job[1] ~= ARGV[i + 1] then
    lost[#lost + 1] = ticket
  else
    redis.call('ZADD', LEASES, 'XX', now + tonumber(ARGV[1]), ticket)
    if are_cancels and job[2] and redis.call('ZSCORE', CANCELS, job[2]) then
      cancelled[#cancelled + 1] = ticket
    end
  end
end
return {lost, cancelled}
