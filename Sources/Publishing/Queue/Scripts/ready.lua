-- How jobs leave a worker's hands and become ready for the next.

-- A job has a fence exactly while somebody holds its lease. The worker lived to tell: this is not a
-- job that kills workers.
local function release(ticket)
  redis.call('ZREM', LEASES, ticket)
  redis.call('HDEL', JOB_OF .. ticket, 'fence', 'deliveries', 'woken', 'revoked')
end

local function make_ready(ticket)
  local queue = redis.call('HGET', JOB_OF .. ticket, 'queue')
  if queue then redis.call('LPUSH', READY_OF .. queue, ticket) end
  return queue
end
