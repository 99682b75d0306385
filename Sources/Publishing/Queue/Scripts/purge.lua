-- Drops a dead letter; its id stays taken for a while, and in the history for ever.
-- ARGV 1 ticket  2 how long the id is kept (ms)
-- Returns 1, or 0 when it is no dead letter.
if redis.call('ZREM', DEAD, ARGV[1]) == 0 then return 0 end
local id = redis.call('HGET', JOB_OF .. ARGV[1], 'id')
redis.call('UNLINK', JOB_OF .. ARGV[1])
if id and redis.call('GET', OWNER_OF .. id) == ARGV[1] then
  redis.call('PEXPIRE', OWNER_OF .. id, ARGV[2])
end
return 1
