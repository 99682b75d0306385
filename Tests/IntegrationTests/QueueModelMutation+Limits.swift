/// Guards of the accounts: slots and limits, and what people ask for.
extension QueueModelMutation {
    static let slots = [
        QueueModelMutation(
            "a freed slot is not handed over",
            in: "settle",
            "local next = redis.call('LPOP', LINE_OF .. account)",
            "local next"
        ),
        QueueModelMutation(
            "a slot is handed over to nobody",
            in: "settle",
            "redis.call('SADD', SLOTS_OF .. account, next)"
        ),
        QueueModelMutation(
            "handing over does not shorten the line's count",
            in: "settle",
            "redis.call('HINCRBY', IN_LINE, queue, -1)\n      return",
            "return"
        ),
        QueueModelMutation(
            "waiting in line is not counted",
            in: "admit",
            "redis.call('HINCRBY', IN_LINE, known[2], 1)"
        ),
        QueueModelMutation(
            "the account's slot is kept by what is over",
            in: "settle",
            "if ARGV[12] ~= '1' then free_slot(account, ticket) end"
        ),
        QueueModelMutation(
            "there are as many slots as jobs",
            in: "admit",
            "if redis.call('SCARD', slots) >= tonumber(ARGV[5]) then",
            "if false then"
        ),
        QueueModelMutation(
            "a job runs without its slot",
            in: "admit",
            "redis.call('SADD', slots, ticket)"
        ),
        QueueModelMutation(
            "whoever waits in line keeps the lease",
            in: "admit",
            "    release(ticket)\n    redis.call('RPUSH', LINE_OF .. account, ticket)",
            "    redis.call('RPUSH', LINE_OF .. account, ticket)"
        ),
        QueueModelMutation(
            "a cancelled job leaves the line uncounted",
            in: "cancel",
            "redis.call('HINCRBY', IN_LINE, job[2], -1)"
        ),
        QueueModelMutation(
            "a cancelled job stays in line as well",
            in: "cancel",
            "redis.call('LREM', LINE_OF .. job[3], 1, ticket) == 1",
            "redis.call('LPOS', LINE_OF .. job[3], ticket)"
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
            "redis.call('DEL', OWNER_OF .. name)"
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
            "if limit >= 0 and not is_counted and redis.call('ZCARD', counted) >= limit then",
            "if false then"
        ),
        QueueModelMutation(
            "a limit of zero is none",
            in: "admit",
            "if limit >= 0 and not is_counted",
            "if limit > 0 and not is_counted"
        ),
        QueueModelMutation(
            "no limit is a limit of zero",
            in: "admit",
            "if limit >= 0 and not is_counted",
            "if not is_counted"
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
            "if ARGV[8] == '1' then",
            "if false then"
        ),
        QueueModelMutation(
            "posts are always given back",
            in: "settle",
            "if ARGV[8] == '1' then",
            "if true then"
        ),
        QueueModelMutation(
            "drafts are not given back",
            in: "settle",
            "redis.call('ZREM', COUNTED_OF .. 'draft:' .. account, ticket)"
        ),
        QueueModelMutation(
            "an account that posts is not counted",
            in: "admit",
            "redis.call('ZADD', ACTIVE, now, account)"
        ),
        QueueModelMutation(
            "as many accounts post as there are",
            in: "admit",
            "if accounts > 0 and kind == 'post' then\n",
            "if false then\n"
        ),
        QueueModelMutation(
            "an account that waits for a minute's limit counts as active",
            in: "admit",
            "for i = 13, #ARGV, 2 do\n  local next",
            "if accounts > 0 and kind == 'post' then redis.call('ZADD', ACTIVE, now, account) end\n"
                + "for i = 13, #ARGV, 2 do\n  local next"
        ),
        QueueModelMutation(
            "a minute has no limit for what posts begin with",
            in: "admit",
            "if next > now then return park('calls', next, jitter) end"
        ),
        QueueModelMutation(
            "what posts begin with is not counted",
            in: "admit",
            "for i = 13, #ARGV, 2 do note_call(account, ARGV[i], tonumber(ARGV[i + 1])) end"
        ),
        QueueModelMutation(
            "a minute has no limit for calls",
            in: "call",
            "if next > now then return next - now end"
        ),
        QueueModelMutation(
            "calls are not counted",
            in: "call",
            "note_call(account, ARGV[4], tonumber(ARGV[5]))"
        ),
        QueueModelMutation(
            "a post that begins late counts from its admission",
            in: "call",
            "redis.call('ZADD', COUNTED_OF .. ARGV[6] .. ':' .. account, 'XX', now, ticket)"
        ),
        QueueModelMutation(
            "a minute has no limit for verdicts",
            in: "claim",
            "if next > now then",
            "if false then"
        ),
        QueueModelMutation(
            "questions for verdicts are not counted",
            in: "claim",
            "note_call(job[7], 'post_status', limit)"
        ),
        QueueModelMutation(
            "a verdict that must wait is forgotten",
            in: "claim",
            "redis.call('ZADD', timers, next, ticket)"
        ),
        QueueModelMutation(
            "a minute is five seconds short",
            in: "admit",
            "local CALL_WINDOW = 61000",
            "local CALL_WINDOW = 55000"
        ),
        QueueModelMutation(
            "calls are kept for ever",
            in: "admit",
            "redis.call('LTRIM', times, 0, limit - 1)"
        ),
        QueueModelMutation(
            "lists of calls never end",
            in: "call",
            "redis.call('PEXPIRE', times, CALL_WINDOW)"
        ),
    ]

    static let people = [
        QueueModelMutation(
            "an account that is paused for a while posts",
            in: "admit",
            "if pause > 0 then return park('pause', now + pause, jitter) end"
        ),
        QueueModelMutation(
            "an account that is paused until resumed posts",
            in: "admit",
            "if pause == -1 then",
            "if false then"
        ),
        QueueModelMutation(
            "a held account posts",
            in: "admit",
            "if hold then return",
            "if false then return"
        ),
        QueueModelMutation(
            "accounts are never held",
            in: "settle",
            "if hold > now then",
            "if false then"
        ),
        QueueModelMutation(
            "a shorter hold ends a longer one",
            in: "settle",
            "if not old or hold > tonumber(string.match(old, '^%d+')) then",
            "if true then"
        ),
        QueueModelMutation(
            "resuming leaves the hold",
            in: "resume",
            ", HOLD_OF .. account)",
            ")"
        ),
        QueueModelMutation(
            "resuming drops the timer of whoever waits",
            in: "resume",
            "then make_ready(ticket) end",
            "then redis.call('ZCARD', LEASES) end"
        ),
        QueueModelMutation(
            "cancelled jobs run",
            in: "admit",
            "if redis.call('ZSCORE', CANCELS, id) then return {'cancelled'} end"
        ),
        QueueModelMutation(
            "cancelling before the document has come is forgotten",
            in: "cancel",
            "  redis.call('ZADD', CANCELS, now, id)\n  return 'unseen'",
            "  return 'unseen'"
        ),
        QueueModelMutation(
            "cancelling leaves the timer as well",
            in: "cancel",
            "redis.call('ZREM', TIMERS_OF .. job[2], ticket) == 1",
            "redis.call('ZSCORE', TIMERS_OF .. job[2], ticket)"
        ),
        QueueModelMutation(
            "what is over stays asked to cancel",
            in: "settle",
            "redis.call('ZREM', CANCELS, name)"
        ),
        QueueModelMutation(
            "a dead letter stays asked to cancel",
            in: "settle",
            "if id then redis.call('ZREM', CANCELS, id) end"
        ),
        QueueModelMutation(
            "a dead letter can be cancelled",
            in: "cancel",
            "or redis.call('ZSCORE', DEAD, ticket) then",
            "then"
        ),
        QueueModelMutation(
            "old requests to cancel stay for ever",
            in: "cancel",
            "redis.call('ZREMRANGEBYSCORE', CANCELS, '-inf', now - 7 * 86400000)"
        ),
        QueueModelMutation(
            "jobs run before their time",
            in: "admit",
            "if scheduled > now then return park('schedule', scheduled, 0) end"
        ),
        QueueModelMutation(
            "jobs begin after their end",
            in: "admit",
            "if expires > 0 and expires <= now and not is_counted then return {'expired'} end"
        ),
        QueueModelMutation(
            "jobs that have begun expire",
            in: "admit",
            "expires <= now and not is_counted",
            "expires <= now"
        ),
        QueueModelMutation(
            "jobs wait beyond their end",
            in: "admit",
            "if expires > now and expires < due then due = expires end"
        ),
        QueueModelMutation(
            "a revived job stays dead as well",
            in: "revive",
            "redis.call('ZREM', DEAD, ARGV[1]) == 0",
            "not redis.call('ZSCORE', DEAD, ARGV[1])"
        ),
        QueueModelMutation(
            "whatever has a job can be revived",
            in: "revive",
            "then return 0 end\nredis.call('HDEL'",
            "then redis.call('ZCARD', DEAD) end\nredis.call('HDEL'"
        ),
        QueueModelMutation(
            "a revived job remembers its attempts",
            in: "revive",
            "redis.call('HDEL', JOB_OF .. ARGV[1], 'attempts', ",
            "redis.call('HDEL', JOB_OF .. ARGV[1], "
        ),
        QueueModelMutation(
            "whatever has a job can be purged",
            in: "purge",
            "if redis.call('ZREM', DEAD, ARGV[1]) == 0 then return 0 end",
            "redis.call('ZREM', DEAD, ARGV[1])"
        ),
        QueueModelMutation(
            "a purged job's hash stays",
            in: "purge",
            "redis.call('UNLINK', JOB_OF .. ARGV[1])"
        ),
        QueueModelMutation(
            "a purged job's id is taken for ever",
            in: "purge",
            "redis.call('PEXPIRE', OWNER_OF .. id, ARGV[2])"
        ),
    ]
}
