-- Takes jobs, each under a lease and a new fence: fresh ones, ready ones, and those whose timer is
-- due.
-- KEYS the upstream lists of the queue, the most urgent first
-- ARGV 1 lease (ms)  2 most jobs
--      3 '1': fresh documents before returned jobs; '0': after them; '-': none  4 queue
--      5 longest document (bytes)  6 beginning of the new tickets  7 a fence already seen
--      8 status calls of an account in a minute
-- Returns {ms until the queue's next timer or -1, ms for which it is paused or 0 or -1 (no end),
--   a key under the name of an upstream list that is none or '', then for each job {ticket, fence,
--   deliveries, document, attempts, stage, polls, received (ms since 1970), bytes of the
--   document}}; of one that is too long, only the length.
local queue, most = ARGV[4], tonumber(ARGV[2])
local pause = redis.call('PTTL', PAUSE_OF .. 'queue:' .. queue)
if pause ~= -2 then return {-1, pause, ''} end

local timers, ready, called = TIMERS_OF .. queue, READY_OF .. queue, CALLED_OF .. queue
local next_timer = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')[2]
local due, rung = {}, {}
if next_timer and tonumber(next_timer) <= now then
  due = redis.call('ZRANGEBYSCORE', timers, '-inf', now, 'LIMIT', 0, most)
end

local jobs = {-1, 0, ''}
local function next_fence()
  local fence = redis.call('INCR', LAST_FENCE)
  if fence > tonumber(ARGV[7]) then return fence end
  -- Redis has older data than this worker has seen: fences must never repeat.
  fence = ARGV[7] + 1000
  redis.call('SET', LAST_FENCE, string.format('%d', fence))
  return fence
end

local function hand_out(ticket, fence, deliveries, document, job)
  redis.call('ZADD', LEASES, now + ARGV[1], ticket)
  jobs[#jobs + 1] = {ticket, fence, deliveries, #document <= tonumber(ARGV[5]) and document or '',
    tonumber(job[2] or 0), job[3] or '', tonumber(job[4] or 0), tonumber(job[5]), #document}
end

local source = 1
local function take_fresh()
  if ARGV[3] == '-' then return false end
  local document = redis.call('RPOP', STAGE_OF .. queue)
  while not document and source <= #KEYS do
    -- An error here would lose the answer that names the jobs taken before.
    document = redis.pcall('RPOP', KEYS[source])
    if type(document) == 'table' then
      jobs[3], document = KEYS[source], false
    end
    if not document then source = source + 1 end
  end
  if not document then return false end
  local ticket = ARGV[6] .. '-' .. #jobs
  local fence = next_fence()
  redis.call('HSET', JOB_OF .. ticket, 'document', document, 'queue', queue, 'received', now,
    'fence', fence, 'deliveries', 1)
  hand_out(ticket, fence, 1, document, {nil, nil, nil, nil, now})
  return true
end

local function take_due()
  local ticket = due[#rung + 1]
  rung[#rung + 1] = ticket
  return ticket
end

local function take_ready()
  return redis.call('RPOP', called) or redis.call('RPOP', ready)
end

local late = {}
local function take_returned()
  local ticket
  if ARGV[3] == '1' then
    ticket = take_due() or take_ready()
  else
    ticket = take_ready() or take_due()
  end
  if not ticket then return false end
  local job = redis.call('HMGET', JOB_OF .. ticket,
    'document', 'attempts', 'stage', 'polls', 'received', 'deliveries', 'account')
  -- A ticket without a document has nothing left to do; it is dropped here.
  if not job[1] then return true end
  if job[3] == 'watch' and job[7] then
    -- The verdict will be asked for next: TikTok allows so many questions a minute.
    local next = note_call(job[7], 'post_status', ARGV[8])
    if next then
      late[#late + 1], late[#late + 2] = next, ticket
      return true
    end
  end
  local fence, deliveries = next_fence(), (job[6] or 0) + 1
  redis.call('HSET', JOB_OF .. ticket, 'fence', fence, 'deliveries', deliveries)
  hand_out(ticket, fence, deliveries, job[1], job)
  return true
end

-- Lua hands on some thousands of values at most; what is left is taken by the next claim.
while #jobs - 3 < most and #late < 2000 do
  local took
  if ARGV[3] == '1' then
    took = take_fresh() or take_returned()
  else
    took = take_returned() or take_fresh()
  end
  if not took then break end
end

if #rung > 0 then redis.call('ZREM', timers, unpack(rung)) end
if #late > 0 then redis.call('ZADD', timers, unpack(late)) end
if #rung + #late > 0 then next_timer = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')[2] end
if next_timer then jobs[1] = math.max(0, next_timer - now) end
return jobs
