-- What one account has used of its limits; changes nothing.
-- ARGV 1 account  2 window of the day (ms), then the endpoints
-- Returns {now, jobs that may transfer now, jobs in line, {posts, oldest}, {drafts, oldest},
--   {active accounts, oldest, '1' when this one is active}, {hold of posts or '', of drafts or ''},
--   {pause or '', its end}, what counts as a minute (ms),
--   then {calls in the minute, oldest} for each endpoint}; times in ms since 1970, 0: none.
local account, window = ARGV[1], tonumber(ARGV[2])
local function in_window(key)
  local first = redis.call('ZRANGEBYSCORE', key, '(' .. (now - window), '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  return {redis.call('ZCOUNT', key, '(' .. (now - window), '+inf'), tonumber(first[2] or 0)}
end

local active = in_window(ACTIVE)
local own = redis.call('ZSCORE', ACTIVE, account)
active[3] = own and tonumber(own) > now - window and '1' or ''
local pause = PAUSE_OF .. 'account:' .. account
local left = redis.call('PTTL', pause)
local posts, drafts = 'post:' .. account, 'draft:' .. account
local answer = {
  now, redis.call('SCARD', RUNNING_OF .. account),
  redis.call('ZCARD', LINE_OF .. posts) + redis.call('ZCARD', LINE_OF .. drafts),
  in_window(COUNTED_OF .. posts), in_window(COUNTED_OF .. drafts), active,
  {redis.call('GET', HOLD_OF .. posts) or '', redis.call('GET', HOLD_OF .. drafts) or ''},
  {left == -2 and '' or redis.call('GET', pause), left > 0 and now + left or 0},
  CALL_WINDOW,
}
for i = 3, #ARGV do
  local calls, oldest = 0, 0
  for _, time in ipairs(redis.call('LRANGE', CALLS_OF .. ARGV[i] .. ':' .. account, 0, -1)) do
    if tonumber(time) > now - CALL_WINDOW then
      calls, oldest = calls + 1, tonumber(time)
    end
  end
  answer[#answer + 1] = {calls, oldest}
end
return answer
