-- TikTok counts the calls of each endpoint in a sliding minute. A call is counted up to five
-- seconds before it is made (Pacer.swift), and a second makes up for the way from here to there.
local CALL_WINDOW = 66000

-- Counts a call, unless the account has used up its minute.
-- Returns nothing when the call may be made, else the time at which it may.
local function note_call(account, endpoint, limit)
  local times = CALLS_OF .. endpoint .. ':' .. account
  if redis.call('LPUSH', times, now) > tonumber(limit) then
    local oldest = redis.call('LINDEX', times, limit)
    if oldest + CALL_WINDOW > now then
      redis.call('LPOP', times)
      return oldest + CALL_WINDOW
    end
    redis.call('LTRIM', times, 0, limit - 1)
  end
  redis.call('PEXPIRE', times, CALL_WINDOW)
end
