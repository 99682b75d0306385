-- Where the queue has a job now; changes nothing.
-- ARGV 1 job id
-- Returns {} when no worker has read a job of this id, or long ago; else {now, ticket,
--   queue ('': it has ended), account, received, attempts, deliveries, stage, polls, reason, fence,
--   end of its lease, when it died, when its timer is due, '1' when it owns a slot of its account,
--   its place in the account's line, length of that line, '1' when somebody asked to cancel it};
--   times in ms since 1970; what is not known is ''.
local ticket = redis.call('GET', OWNER_OF .. ARGV[1])
if not ticket then return {} end
local answer = {now, ticket}
for i, value in ipairs(redis.call('HMGET', JOB_OF .. ticket, 'queue', 'account', 'received',
  'attempts', 'deliveries', 'stage', 'polls', 'reason', 'fence')) do
  answer[i + 2] = value or ''
end
local queue, lane = answer[3], redis.call('HGET', JOB_OF .. ticket, 'lane') or ''
answer[12] = redis.call('ZSCORE', LEASES, ticket) or ''
answer[13] = redis.call('ZSCORE', DEAD, ticket) or ''
answer[14] = redis.call('ZSCORE', TIMERS_OF .. queue, ticket) or ''
answer[15] = redis.call('SISMEMBER', SLOTS_OF .. lane, ticket) == 1 and '1' or ''
local place = redis.call('ZRANK', LINE_OF .. lane, ticket)
answer[16] = place and place + 1 or ''
answer[17] = redis.call('ZCARD', LINE_OF .. lane)
answer[18] = redis.call('ZSCORE', CANCELS, ARGV[1]) and '1' or ''
return answer
