-- Counts a finished part of a chord, and lets one worker send the body when all parts are in. Works
-- beside Celery's own workers: older ones know only the first three keys.
-- KEYS 1 parts, by index  2 what is added to the size  3 size  4 parts that were counted
--      5 who sends the body
-- ARGV 1 'id:index' of the part  2 the part  3 its index or '+inf'  4 how long all is kept (s)
--      5 name of this sender  6 how long it may take (s)
-- Returns {} when there is nothing to send, else {part, ...} in the order of the chord.
if redis.call('GET', KEYS[5]) == 'done' then return {} end
if redis.call('SADD', KEYS[4], ARGV[1]) == 1 then redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2]) end
for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ARGV[4]) end
local size = redis.call('GET', KEYS[3])
if not size then return {} end
local expected = tonumber(size) + tonumber(redis.call('GET', KEYS[2]) or 0)
if redis.call('ZCARD', KEYS[1]) ~= expected then return {} end
-- Whoever began to send it and died goes on under the same name.
local sender = redis.call('SET', KEYS[5], ARGV[5], 'NX', 'GET', 'EX', ARGV[6])
if sender and sender ~= ARGV[5] then return {} end
return redis.call('ZRANGE', KEYS[1], 0, -1)
