-- Makes a dead letter, or a job in doubt, ready again as if it had never been tried.
-- ARGV 1 ticket
-- Returns 1, or 0 when it is neither.
local job = redis.call('HMGET', JOB_OF .. ARGV[1], 'queue', 'stage', 'id')
if not job[1] then return 0 end
if redis.call('ZREM', DEAD, ARGV[1]) == 0
  and (job[2] ~= 'reconcile' or redis.call('ZREM', TIMERS_OF .. job[1], ARGV[1]) == 0)
then return 0 end
redis.call('HDEL', JOB_OF .. ARGV[1], 'attempts', 'stage', 'polls', 'reason', 'deliveries',
  'survived', 'terminated')
-- Whoever asked for the first try to stop did not mean this one.
if job[3] then redis.call('ZREM', CANCELS, job[3]) end
make_ready(ARGV[1])
return 1
