-- Asks for a job to stop. Whoever holds it sees that at the next beat; one that waits is made
-- ready, so that its next turn ends it.
-- ARGV 1 job id  2 '1': a job that a worker has, or that is at TikTok, is left alone
--      3 the signal by which Celery wants it terminated, a number, or ''
-- Returns 'unseen' (no worker has read its document; it will stop when one does), 'waiting',
--   'running', 'begun' (it is left alone), or 'ended': nothing is left to cancel.
local id = ARGV[1]
-- Requests for ids that never came end after a week; those of jobs that wait still begin another.
local old = redis.call('ZRANGEBYSCORE', CANCELS, '-inf', now - 7 * 86400000, 'LIMIT', 0, 20)
for _, name in ipairs(old) do
  if redis.call('EXISTS', OWNER_OF .. name) == 1 then
    redis.call('ZADD', CANCELS, now, name)
  else
    redis.call('ZREM', CANCELS, name)
  end
end

local ticket = redis.call('GET', OWNER_OF .. id)
if not ticket then
  redis.call('ZADD', CANCELS, now, id)
  return 'unseen'
end
local job = redis.call('HMGET', JOB_OF .. ticket, 'fence', 'queue', 'lane', 'stage')
local is_over = job[4] == 'reconcile' or job[4] == 'moderation'
if not job[2] or is_over or redis.call('ZSCORE', DEAD, ticket) then
  return 'ended'
end
if ARGV[2] == '1' and (job[1] or job[4] == 'watch') then
  -- Its worker may be about to park it, and has asked before whether it is revoked (settle.lua).
  if job[1] then redis.call('HSET', JOB_OF .. ticket, 'revoked', '1') end
  return 'begun'
end
-- A task that has begun is told to have been terminated, should it end of this.
if ARGV[3] ~= '' and (job[4] == 'watch'
  or job[1] and job[3] and redis.call('ZSCORE', COUNTED_OF .. job[3], ticket))
then
  redis.call('HSET', JOB_OF .. ticket, 'terminated', ARGV[3])
end
redis.call('ZADD', CANCELS, now, id)
if job[1] then return 'running' end
if redis.call('ZREM', TIMERS_OF .. job[2], ticket) == 1 then
  make_ready(ticket)
elseif job[3] and redis.call('ZREM', LINE_OF .. job[3], ticket) == 1 then
  redis.call('HINCRBY', IN_LINE, job[2], -1)
  make_ready(ticket)
end
return 'waiting'
