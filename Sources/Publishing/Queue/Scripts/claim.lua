-- Takes jobs, each under a lease and a new fence; timers that have come due are made ready first.
-- KEYS one more, the last: the list that upstream pushes to
-- ARGV 1 lease (ms)  2 most jobs  3 '1': fresh documents before returned jobs  4 queue name
--      5 longest document (bytes)  6.. a new ticket for each job that may come fresh
-- Returns {ms until the queue's next timer or -1, then for each job
--   {ticket, fence, deliveries, document, attempts, stage, polls, received (ms since 1970),
--    bytes of the document}}; of a document that is too long, only the length
local queue, source = ARGV[4], KEYS[#KEYS]
local timers, ready, stage = TIMERS_OF .. queue, READY_OF .. queue, STAGE_OF .. queue

local due = redis.call('ZRANGEBYSCORE', timers, '-inf', now, 'LIMIT', 0, 200)
if #due > 0 then
  redis.call('ZREM', timers, unpack(due))
  redis.call('LPUSH', ready, unpack(due))
end

local used = 0
local function take_fresh()
  if 5 + used == #ARGV then return false end
  local document = redis.call('RPOP', stage) or redis.call('RPOP', source)
  if not document then return false end
  used = used + 1
  local ticket = ARGV[5 + used]
  redis.call('HSET', JOB_OF .. ticket, 'document', document, 'queue', queue, 'received', now)
  return ticket
end

local jobs = {-1}
while #jobs <= tonumber(ARGV[2]) do
  local ticket
  if ARGV[3] == '1' then
    ticket = take_fresh() or redis.call('RPOP', ready)
  else
    ticket = redis.call('RPOP', ready) or take_fresh()
  end
  if not ticket then break end
  local job = redis.call('HMGET', JOB_OF .. ticket,
    'document', 'attempts', 'stage', 'polls', 'received')
  -- A ticket without a document has nothing left to do; it is dropped here.
  if job[1] then
    local fence = redis.call('INCR', LAST_FENCE)
    redis.call('HSET', FENCES, ticket, fence)
    redis.call('ZADD', LEASES, now + tonumber(ARGV[1]), ticket)
    local document = #job[1] <= tonumber(ARGV[5]) and job[1] or ''
    jobs[#jobs + 1] = {ticket, fence, redis.call('HINCRBY', DELIVERIES, ticket, 1), document,
      tonumber(job[2] or 0), job[3] or '', tonumber(job[4] or 0), tonumber(job[5]), #job[1]}
  end
end

local next = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
if next[2] then jobs[1] = math.max(0, tonumber(next[2]) - now) end
return jobs
