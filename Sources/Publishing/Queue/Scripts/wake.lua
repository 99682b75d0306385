-- Something about an account has changed: whoever waits for it with a timer looks again now. Those
-- in its lines follow as slots become free, so many at a time.
-- ARGV 1 account
-- Returns 1.
ring('post:' .. ARGV[1])
ring('draft:' .. ARGV[1])
return 1
