/// Guards of the accounts: slots and limits.
extension QueueModelMutation {
    static let slots = [
        QueueModelMutation(
            "a freed slot is not handed over",
            in: "settle",
            "local next = redis.call('ZPOPMIN', LINE_OF .. lane)[1]",
            "local next"
        ),
        QueueModelMutation(
            "a slot is handed over to nobody",
            in: "settle",
            "redis.call('SADD', SLOTS_OF .. lane, next)"
        ),
        QueueModelMutation(
            "handing over does not shorten the line's count",
            in: "settle",
            "      redis.call('HINCRBY', IN_LINE, queue, -1)\n"
        ),
        QueueModelMutation(
            "waiting in line is not counted",
            in: "settle",
            "redis.call('HINCRBY', IN_LINE, queue, 1)"
        ),
        QueueModelMutation(
            "the account's slot is kept by what is over",
            in: "settle",
            "if ARGV[12] == '0' then free_slot(lane, ticket, slots) end"
        ),
        QueueModelMutation(
            "there are as many slots as jobs",
            in: "admit",
            "redis.call('SCARD', slots) >= tonumber(ARGV[5])",
            "false"
        ),
        QueueModelMutation(
            "whoever is told to stand in line keeps a slot",
            in: "admit",
            "redis.call('SISMEMBER', slots, ticket) == 0",
            "redis.call('SADD', slots, ticket) == 1"
        ),
        QueueModelMutation(
            "a job runs without its slot",
            in: "admit",
            "  redis.call('SADD', slots, ticket)\n"
        ),
        QueueModelMutation(
            "whoever stands in line leaves a slot that is free",
            in: "settle",
            "the first in line.\n    fill_slots(lane, slots)",
            "the first in line.",
            seed: 51
        ),
        QueueModelMutation(
            "posts and drafts together are more than may run",
            in: "admit",
            "is_new and redis.call('SCARD', running)",
            "false and redis.call('SCARD', running)"
        ),
        QueueModelMutation(
            "whoever stops is taken for running",
            in: "settle",
            "redis.call('SREM', RUNNING_OF .. account, ticket) == 1",
            "false"
        ),
        QueueModelMutation(
            "whoever waits for a call is taken for running",
            in: "admit",
            "    if is_new then redis.call('SREM', running, ticket) end\n"
        ),
        QueueModelMutation(
            "whoever waits for another to stop is taken for running",
            in: "admit",
            "  redis.call('SREM', running, ticket)\n  return wait('busy'",
            "  return wait('busy'"
        ),
        QueueModelMutation(
            "a cancelled job leaves the line uncounted",
            in: "cancel",
            "redis.call('HINCRBY', IN_LINE, job[2], -1)"
        ),
        QueueModelMutation(
            "a cancelled job stays in line as well",
            in: "cancel",
            "redis.call('ZREM', LINE_OF .. job[3], ticket) == 1",
            "redis.call('ZRANK', LINE_OF .. job[3], ticket)"
        ),
        QueueModelMutation(
            "an id belongs to everybody",
            in: "admit",
            "if owner and owner ~= ticket then return {'duplicate'} end"
        ),
        QueueModelMutation(
            "an id is free again once its job is done",
            in: "settle",
            "redis.call('PEXPIRE', OWNER_OF .. name, ARGV[11])",
            "redis.call('DEL', OWNER_OF .. name)",
            seed: 2
        ),
        QueueModelMutation(
            "an id is taken for ever",
            in: "settle",
            "redis.call('PEXPIRE', OWNER_OF .. name, ARGV[11])"
        ),
        QueueModelMutation(
            "a finished job's hash stays",
            in: "settle",
            "redis.call('UNLINK', JOB_OF .. gone)"
        ),
        QueueModelMutation(
            "a parked job is settled into nothing",
            in: "settle",
            "redis.call('LPUSH', READY_OF .. queue, ticket)\n  end\nend",
            "end\nend"
        ),
    ]

    static let limits = [
        QueueModelMutation(
            "a day has no limit",
            in: "admit",
            "if limit >= 0 and redis.call('ZCARD', counted) >= limit",
            "if false and redis.call('ZCARD', counted) >= limit"
        ),
        QueueModelMutation(
            "a limit of zero is none",
            in: "admit",
            "if limit >= 0 and redis.call('ZCARD', counted) >= limit",
            "if limit > 0 and redis.call('ZCARD', counted) >= limit",
            seed: 2
        ),
        QueueModelMutation(
            "the first job beyond the limit is let through",
            in: "admit",
            "redis.call('ZCARD', counted) >= room",
            "redis.call('ZCARD', counted) > room"
        ),
        QueueModelMutation(
            "a day is an hour short",
            in: "admit",
            "redis.call('ZREMRANGEBYSCORE', counted, '-inf', now - window)",
            "redis.call('ZREMRANGEBYSCORE', counted, '-inf', now - window + 3600000)"
        ),
        QueueModelMutation(
            "posts are not counted",
            in: "admit",
            "redis.call('ZADD', counted, now, ticket)"
        ),
        QueueModelMutation(
            "a job counts each time it comes",
            in: "admit",
            "redis.call('ZADD', counted, now, ticket)",
            "redis.call('ZADD', counted, now, ticket .. ARGV[2])"
        ),
        QueueModelMutation(
            "a job counts from when it came first",
            in: "admit",
            "redis.call('ZADD', counted, now, ticket)",
            "redis.call('ZADD', counted, 'NX', now, ticket)"
        ),
        QueueModelMutation(
            "posts are never given back",
            in: "settle",
            "if ARGV[8] == '1' and",
            "if false and",
            seed: 4
        ),
        QueueModelMutation(
            "posts are always given back",
            in: "settle",
            "if ARGV[8] == '1' and",
            "if true and"
        ),
        QueueModelMutation(
            "drafts are not given back",
            in: "settle",
            "if ARGV[8] == '1' and redis",
            "if ARGV[8] == '1' and string.sub(lane, 1, 5) == 'post:' and redis",
            seed: 12
        ),
        QueueModelMutation(
            "a place that is given back wakes nobody",
            in: "settle",
            "ring(lane, kind == 'post' and 'daily_limit' or 'draft_limit')",
            ""
        ),
        QueueModelMutation(
            "an account that posts is not counted",
            in: "admit",
            "redis.call('ZADD', ACTIVE, now, account)",
            seed: 4
        ),
        QueueModelMutation(
            "as many accounts post as there are",
            in: "admit",
            "if accounts > 0 and kind == 'post' then\n",
            "if false then\n",
            seed: 4
        ),
        QueueModelMutation(
            "a minute has no limit for what posts begin with",
            in: "admit",
            "  if next then\n    for before",
            "  if false then\n    for before"
        ),
        QueueModelMutation(
            "what posts begin with is not counted",
            in: "admit",
            "redis.call('LPUSH', times, now)",
            "redis.call('LLEN', times)"
        ),
        QueueModelMutation(
            "more calls are given back than were counted",
            in: "settle",
            "CALLS_OF .. ARGV[i] .. ':' .. account, 1, counted)",
            "CALLS_OF .. ARGV[i] .. ':' .. account, 0, counted)"
        ),
        QueueModelMutation(
            "who is late is served last",
            in: "settle",
            "redis.call('ZADD', LINE_OF .. lane, ARGV[2], ticket)",
            "redis.call('ZADD', LINE_OF .. lane, now, ticket)"
        ),
        QueueModelMutation(
            "calls that are not made stay counted",
            in: "admit",
            "redis.call('LPOP', CALLS_OF .. ARGV[before] .. ':' .. account)",
            seed: 26
        ),
        QueueModelMutation(
            "a minute has no limit for calls",
            in: "call",
            "if next then return next - now end",
            seed: 13
        ),
        QueueModelMutation(
            "a call that is put off counts",
            in: "call",
            "      redis.call('LPOP', times)\n",
            seed: 13
        ),
        QueueModelMutation(
            "calls are not counted",
            in: "call",
            "redis.call('LPUSH', times, now)",
            "redis.call('LLEN', times)",
            seed: 8
        ),
        QueueModelMutation(
            "a post that begins late counts from its admission",
            in: "call",
            "redis.call('ZADD', COUNTED_OF .. ARGV[6] .. ':' .. account, 'XX', now, ticket)",
            seed: 8
        ),
        QueueModelMutation(
            "a minute has no limit for verdicts",
            in: "claim",
            "    if next then\n      late",
            "    if false then\n      late",
            seed: 12
        ),
        QueueModelMutation(
            "questions for verdicts are not counted",
            in: "claim",
            "redis.call('LPUSH', times, now)",
            "redis.call('LLEN', times)",
            seed: 12
        ),
        QueueModelMutation(
            "a verdict that must wait is forgotten",
            in: "claim",
            "if #late > 0 then redis.call('ZADD', timers, unpack(late)) end",
            seed: 12
        ),
        QueueModelMutation(
            "a minute is five seconds short",
            in: "admit",
            "local CALL_WINDOW = 66000",
            "local CALL_WINDOW = 55000",
            seed: 4
        ),
        QueueModelMutation(
            "calls are kept for ever",
            in: "admit",
            "redis.call('LTRIM', times, 0, limit - 1)",
            seed: 34
        ),
        QueueModelMutation(
            "lists of calls never end",
            in: "call",
            "redis.call('PEXPIRE', times, CALL_WINDOW)"
        ),
    ]
}
