-- Makes sure that the next fence is above all that were ever given out: Redis may have lost its
-- newest writes, and fences must never repeat. PostgreSQL does not know those yet under which
-- nothing was recorded, so a thousand more are left out.
-- ARGV 1 the highest fence that PostgreSQL holds
-- Returns the fence that stands now.
local last = math.max(tonumber(redis.call('GET', LAST_FENCE) or 0), tonumber(ARGV[1])) + 1000
redis.call('SET', LAST_FENCE, string.format('%d', last))
return last
