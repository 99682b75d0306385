-- Ends the pause of an account, and whatever hold TikTok's answers put on it; its jobs go on now.
-- ARGV 1 account
-- Returns 1 when there was something to end, else 0.
local account = ARGV[1]
local ended = redis.call('DEL', PAUSE_OF .. 'account:' .. account, HOLD_OF .. account)
for _, ticket in ipairs(redis.call('SMEMBERS', SLOTS_OF .. account)) do
  local queue = redis.call('HGET', JOB_OF .. ticket, 'queue')
  if queue and redis.call('ZREM', TIMERS_OF .. queue, ticket) == 1 then make_ready(ticket) end
end
return math.min(ended, 1)
