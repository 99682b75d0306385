-- Renews the leases of one worker's jobs.
-- ARGV 1 lease (ms), then ticket, fence for each job
-- Returns the tickets that are no longer this worker's.
local lost = {}
for i = 2, #ARGV, 2 do
  if is_stale(ARGV[i], ARGV[i + 1]) then
    lost[#lost + 1] = ARGV[i]
  else
    redis.call('ZADD', LEASES, 'XX', now + tonumber(ARGV[1]), ARGV[i])
  end
end
return lost
