-- A worker has lost a job and lives: the job did not kill it, so the delivery does not count. A job
-- that is still under this worker's lease becomes ready again at once.
-- ARGV 1 ticket  2 fence
-- Returns 1 when the job became ready, else 0.
local job = redis.call('HMGET', JOB_OF .. ARGV[1], 'fence', 'deliveries', 'survived')
if job[1] == ARGV[2] then
  release(ARGV[1])
  make_ready(ARGV[1])
  return 1
end
-- The worker says so again when it got no answer.
if tonumber(job[2] or 0) > 0 and job[3] ~= ARGV[2] then
  redis.call('HINCRBY', JOB_OF .. ARGV[1], 'deliveries', -1)
  redis.call('HSET', JOB_OF .. ARGV[1], 'survived', ARGV[2])
end
return 0
