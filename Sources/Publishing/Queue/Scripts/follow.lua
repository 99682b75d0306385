-- Sends what follows the end of a Celery task, once however often a worker comes here.
-- ARGV 1 ticket  2 fence  3 task id  4 how it ended  5 how long that is remembered (ms)
--      then list, message for each
-- Returns how many messages their lists refused, -1 when they had been sent before, or -2 when the
--   job is no longer this worker's; then nothing was changed.
if redis.call('HGET', JOB_OF .. ARGV[1], 'fence') ~= ARGV[2] then return -2 end
redis.call('UNLINK', TASK_OF .. ARGV[3], ASKING_OF .. ARGV[3])
local mark = FOLLOWED_OF .. ARGV[4] .. ':' .. ARGV[3]
if not redis.call('SET', mark, 1, 'NX', 'PX', ARGV[5]) then return -1 end
local refused = 0
for i = 6, #ARGV, 2 do
  -- An error here would leave the rest unsent for ever.
  local answer = redis.pcall('LPUSH', ARGV[i], ARGV[i + 1])
  if type(answer) == 'table' then refused = refused + 1 end
end
return refused
