-- Puts a chord away whose body is sent, or whose failure is told. What is there of another type
-- goes with it.
-- KEYS as chord_part.lua has them
-- ARGV 1 how long it is remembered that it has ended (s)
-- Returns 1.
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('SETEX', KEYS[5], ARGV[1], 'done')
return 1
