-- TikTok has sent word of posts: the question what became of each, or what its id is, is due now.
-- Of a post that nobody asks about, nothing changes.
-- ARGV tickets
-- Returns how many are asked about sooner for it.
local hinted = 0
for _, ticket in ipairs(ARGV) do
  local job = redis.call('HMGET', JOB_OF .. ticket, 'queue', 'fence', 'stage')
  if job[2] then
    -- A worker has it, and may have asked TikTok before the word came (settle.lua).
    redis.call('HSET', JOB_OF .. ticket, 'hinted', '1')
    hinted = hinted + 1
  elseif job[1] and (job[3] == 'watch' or job[3] == 'reconcile' or job[3] == 'moderation')
    and redis.call('ZREM', TIMERS_OF .. job[1], ticket) == 1
  then
    make_ready(ticket)
    hinted = hinted + 1
  end
end
return hinted
