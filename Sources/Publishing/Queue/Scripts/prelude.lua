-- Stands before every other script, after the keys (QueueKeys.swift says what each of them holds).

-- Milliseconds on Redis's clock, the only clock that all workers share.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
