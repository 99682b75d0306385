-- Makes sure that the next fence is above one PostgreSQL has seen: Redis may have lost its newest
-- writes, and fences must never repeat.
-- ARGV 1 the highest fence that PostgreSQL holds
-- Returns the fence that stands now.
local last = tonumber(redis.call('GET', LAST_FENCE) or 0)
if last < tonumber(ARGV[1]) then
  last = tonumber(ARGV[1]) + 1000
  redis.call('SET', LAST_FENCE, string.format('%d', last))
end
return last
