-- Keeps the state of a task and announces it to whoever waits; runs where the results are.
-- Nothing replaces a success, and a state in between replaces no end.
-- KEYS 1 the result, which is also the name of the channel
-- ARGV 1 document  2 how long it is kept (s)  3 '1': the task has ended
-- Returns 1, or 0 when what was there stands.
local old = redis.call('GET', KEYS[1])
if old then
  local read, document = pcall(cjson.decode, old)
  local state = read and type(document) == 'table' and document.status
  if state == 'SUCCESS' then return 0 end
  if ARGV[3] ~= '1' and (state == 'FAILURE' or state == 'REVOKED') then return 0 end
end
redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1
