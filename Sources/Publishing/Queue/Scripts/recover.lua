-- Makes jobs whose lease has ended ready again. They keep their account's slot: they are the first
-- to go on. Their delivery count stays, so that a job that kills its workers is found out.
-- ARGV 1 most jobs
-- Returns how many.
local ended = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, ARGV[1])
for _, ticket in ipairs(ended) do
  end_lease(ticket)
  if redis.call('EXISTS', JOB_OF .. ticket) == 1 then make_ready(ticket) end
end
return #ended
