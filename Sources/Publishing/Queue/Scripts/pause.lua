-- Pauses an account, or ends its pause and whatever hold TikTok's answers put on it. Whoever waits
-- for the account looks again now, and learns for how long it waits from here on.
-- ARGV 1 account  2 why ('': the pause ends)  3 how long (ms; 0: until somebody ends it)
-- Returns 1 when the account is paused now or there was something to end, else 0.
local account, why = ARGV[1], ARGV[2]
local key, is_changed = PAUSE_OF .. 'account:' .. account, 1
if why == '' then
  is_changed = redis.call('DEL', key, HOLD_OF .. 'post:' .. account, HOLD_OF .. 'draft:' .. account)
elseif ARGV[3] == '0' then
  redis.call('SET', key, why)
else
  redis.call('SET', key, why, 'PXAT', now + ARGV[3])
end
ring('post:' .. account)
ring('draft:' .. account)
return math.min(is_changed, 1)
