/// Guards of what people ask for, and of the times that jobs ask for.
extension QueueModelMutation {
    static let people = [
        QueueModelMutation(
            "a paused account posts",
            in: "admit",
            "if stops[1] then",
            "if false then",
            seed: 2
        ),
        QueueModelMutation(
            "a pause without an end is over at once",
            in: "admit",
            "left < 0 and 3600000 or left",
            "left - 1000"
        ),
        QueueModelMutation(
            "a held account posts",
            in: "admit",
            "if stops[2] then",
            "if false then",
            seed: 14
        ),
        QueueModelMutation(
            "accounts are never held",
            in: "settle",
            "if hold > now then",
            "if false then",
            seed: 14
        ),
        QueueModelMutation(
            "resuming leaves the hold",
            in: "pause",
            ", HOLD_OF .. 'post:' .. account, HOLD_OF .. 'draft:' .. account)",
            ")",
            seed: 37
        ),
        QueueModelMutation(
            "resuming drops the timer of whoever waits",
            in: "pause",
            "    then\n      make_ready(ticket)",
            "    then\n      redis.call('ZCARD', LEASES)",
            seed: 2
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
            "redis.call('ZSCORE', TIMERS_OF .. job[2], ticket)",
            seed: 3
        ),
        QueueModelMutation(
            "what is over stays asked to cancel",
            in: "settle",
            "redis.call('ZREM', CANCELS, name)"
        ),
        QueueModelMutation(
            "a dead letter stays asked to cancel",
            in: "settle",
            "if id then redis.call('ZREM', CANCELS, id) end",
            seed: 6
        ),
        QueueModelMutation(
            "a dead letter can be cancelled",
            in: "cancel",
            " or redis.call('ZSCORE', DEAD, ticket) then",
            " then",
            seed: 19
        ),
        QueueModelMutation(
            "old requests to cancel stay for ever",
            in: "cancel",
            "redis.call('ZREM', CANCELS, name)"
        ),
        QueueModelMutation(
            "jobs run before their time",
            in: "admit",
            "if scheduled > now then return wait('schedule', scheduled) end"
        ),
        QueueModelMutation(
            "jobs begin after their end",
            in: "admit",
            "if expires > 0 and expires <= now and not",
            "if false and not"
        ),
        QueueModelMutation(
            "jobs that have begun expire",
            in: "admit",
            " and not redis.call('ZSCORE', counted, ticket) then\n  return {'expired'}",
            " then\n  return {'expired'}"
        ),
        QueueModelMutation(
            "jobs wait beyond their end",
            in: "admit",
            "if expires > now and expires < due then due = expires end",
            seed: 5
        ),
        QueueModelMutation(
            "a revived job stays dead as well",
            in: "revive",
            "redis.call('ZREM', DEAD, ARGV[1]) == 0",
            "not redis.call('ZSCORE', DEAD, ARGV[1])",
            seed: 6
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
            "redis.call('HDEL', JOB_OF .. ARGV[1], ",
            seed: 6
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
            "redis.call('UNLINK', JOB_OF .. ARGV[1])",
            seed: 2
        ),
        QueueModelMutation(
            "a purged job's id is taken for ever",
            in: "purge",
            "redis.call('PEXPIRE', OWNER_OF .. id, ARGV[2])",
            seed: 4
        ),
    ]
}
