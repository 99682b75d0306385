-- May this job call TikTok now? Counts the call when it may.
-- ARGV 1 ticket  2 fence  3 account  4 endpoint  5 calls in a minute
--      6 'post' or 'draft' when the call begins one: the day's window starts anew for it; else ''
-- Returns 0: call; ms to wait; or -1 when the job is no longer this worker's.
local ticket, account = ARGV[1], ARGV[3]
if redis.call('HGET', JOB_OF .. ticket, 'fence') ~= ARGV[2] then return -1 end
local next = note_call(account, ARGV[4], ARGV[5])
if next then return next - now end
if ARGV[6] ~= '' then
  redis.call('ZADD', COUNTED_OF .. ARGV[6] .. ':' .. account, 'XX', now, ticket)
  if ARGV[6] == 'post' then redis.call('ZADD', ACTIVE, 'XX', now, account) end
end
return 0
