-- Lets tasks that wait for the end of another's job look again now: their callers want it no
-- longer.
-- ARGV tasks
-- Returns those that do.
local woken = {}
for _, task in ipairs(ARGV) do
  -- The same message come again ends as its own job does.
  local is_owner = redis.call('EXISTS', TASK_OF .. task) == 1
  local ticket = not is_owner and redis.call('GET', ASKING_OF .. task) or ''
  local job = redis.call('HMGET', JOB_OF .. ticket, 'queue', 'fence')
  if job[2] then
    -- A worker has it, and may have looked before (settle.lua).
    redis.call('HSET', JOB_OF .. ticket, 'hinted', '1')
    woken[#woken + 1] = task
  elseif job[1] and redis.call('ZREM', TIMERS_OF .. job[1], ticket) == 1 then
    make_ready(ticket)
    woken[#woken + 1] = task
  end
end
return woken
