-- How many jobs are in hand and how many are dead, by queue; changes nothing.
-- ARGV 1 most jobs of each kind that are looked at
-- Returns {in hand, dead, {queue, in hand, ...}, {queue, dead, ...}}.
local function by_queue(tickets)
  local counts, names = {}, {}
  for _, ticket in ipairs(tickets) do
    local queue = redis.call('HGET', JOB_OF .. ticket, 'queue')
    if queue then
      if not counts[queue] then names[#names + 1] = queue end
      counts[queue] = (counts[queue] or 0) + 1
    end
  end
  local answer = {}
  for _, name in ipairs(names) do
    answer[#answer + 1] = name
    answer[#answer + 1] = counts[name]
  end
  return answer
end

local last = tonumber(ARGV[1]) - 1
return {
  redis.call('ZCARD', LEASES), redis.call('ZCARD', DEAD),
  by_queue(redis.call('ZRANGE', LEASES, 0, last)), by_queue(redis.call('ZRANGE', DEAD, 0, last)),
}
