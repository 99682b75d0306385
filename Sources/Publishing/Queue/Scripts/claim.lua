-- Takes jobs, each under a lease and a new fence; timers that have come due are made ready first.
-- KEYS the upstream lists of the queue, the most urgent first
-- ARGV 1 lease (ms)  2 most jobs  3 '1': fresh documents before returned jobs  4 queue
--      5 longest document (bytes)  6 beginning of the new tickets  7 a fence already seen
--      8 status calls of an account in a minute
-- Returns {ms until the queue's next timer or -1, ms for which it is paused or 0 or -1 (no end),
--   then for each job {ticket, fence, deliveries, document, attempts, stage, polls,
--   received (ms since 1970), bytes of the document}}; of one that is too long, only the length.
-- Returns {-2} when Redis has older data than this worker: its fences must be raised first.
local queue, most = ARGV[4], tonumber(ARGV[2])
if tonumber(redis.call('GET', LAST_FENCE) or 0) < tonumber(ARGV[7]) then return {-2} end
local pause = redis.call('PTTL', PAUSE_OF .. 'queue:' .. queue)
if pause ~= -2 then return {-1, pause} end

local timers, ready, called = TIMERS_OF .. queue, READY_OF .. queue, CALLED_OF .. queue
local due = redis.call('ZRANGEBYSCORE', timers, '-inf', now, 'LIMIT', 0, 200)
if #due > 0 then
  redis.call('ZREM', timers, unpack(due))
  redis.call('LPUSH', ready, unpack(due))
end

local jobs = {-1, 0}
local function hand_out(ticket, document, job)
  local fence = redis.call('INCR', LAST_FENCE)
  redis.call('ZADD', LEASES, now + tonumber(ARGV[1]), ticket)
  local deliveries = tonumber(job[6] or 0) + 1
  redis.call('HSET', JOB_OF .. ticket, 'fence', fence, 'deliveries', deliveries)
  jobs[#jobs + 1] = {ticket, fence, deliveries, #document <= tonumber(ARGV[5]) and document or '',
    tonumber(job[2] or 0), job[3] or '', tonumber(job[4] or 0), tonumber(job[5]), #document}
end

local source = 1
local function take_fresh()
  local document = redis.call('RPOP', STAGE_OF .. queue)
  while not document and source <= #KEYS do
    document = redis.call('RPOP', KEYS[source])
    if not document then source = source + 1 end
  end
  if not document then return false end
  local ticket = ARGV[6] .. '-' .. #jobs
  redis.call('HSET', JOB_OF .. ticket, 'document', document, 'queue', queue, 'received', now)
  hand_out(ticket, document, {nil, nil, nil, nil, now})
  return true
end

local function take_returned()
  local ticket = redis.call('RPOP', called) or redis.call('RPOP', ready)
  if not ticket then return false end
  local job = redis.call('HMGET', JOB_OF .. ticket,
    'document', 'attempts', 'stage', 'polls', 'received', 'deliveries', 'account')
  -- A ticket without a document has nothing left to do; it is dropped here.
  if not job[1] then return true end
  if job[3] == 'watch' and job[7] then
    -- The verdict will be asked for next: TikTok allows so many questions a minute.
    local limit = tonumber(ARGV[8])
    local next = next_call(job[7], 'post_status', limit)
    if next > now then
      redis.call('ZADD', timers, next, ticket)
      return true
    end
    note_call(job[7], 'post_status', limit)
  end
  hand_out(ticket, job[1], job)
  return true
end

while #jobs - 2 < most do
  local took
  if ARGV[3] == '1' then
    took = take_fresh() or take_returned()
  else
    took = take_returned() or take_fresh()
  end
  if not took then break end
end

local next = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
if next[2] then jobs[1] = math.max(0, tonumber(next[2]) - now) end
return jobs
