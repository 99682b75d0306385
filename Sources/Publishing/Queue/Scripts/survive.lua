-- A worker has lost a job and lives: the job did not kill it, so the delivery does not count. A job
-- that is still under this worker's lease becomes ready again at once.
-- ARGV 1 ticket  2 fence
-- Returns 1 when the job became ready, else 0.
local job = redis.call('HMGET', JOB_OF .. ARGV[1], 'fence', 'deliveries')
if job[1] == ARGV[2] then
  release(ARGV[1])
  make_ready(ARGV[1])
  return 1
end
if tonumber(job[2] or 0) > 0 then
  redis.call('HINCRBY', JOB_OF .. ARGV[1], 'deliveries', -1)
end
return 0
