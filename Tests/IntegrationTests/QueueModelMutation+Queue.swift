/// Guards of the queue: who holds what, and what comes next.
extension QueueModelMutation {
    static let fences = [
        QueueModelMutation(
            "settling does not look at the fence",
            in: "settle",
            "if job[1] ~= ARGV[2] then return -1 end"
        ),
        QueueModelMutation(
            "settling looks only whether somebody has a fence",
            in: "settle",
            "if job[1] ~= ARGV[2] then",
            "if not job[1] then"
        ),
        QueueModelMutation(
            "admission does not look at the fence",
            in: "admit",
            "if known[1] ~= ARGV[2] then return {'stale'} end"
        ),
        QueueModelMutation(
            "a call does not look at the fence",
            in: "call",
            "if redis.call('HGET', JOB_OF .. ticket, 'fence') ~= ARGV[2] then return -1 end",
            seed: 2
        ),
        QueueModelMutation(
            "a beat does not look at the fence",
            in: "beat",
            "if job[1] ~= ARGV[i + 1] then",
            "if not job[1] then"
        ),
        QueueModelMutation(
            "surviving does not look at the fence",
            in: "survive",
            "if job[1] == ARGV[2] then",
            "if job[1] then"
        ),
        QueueModelMutation(
            "the fence stays when a job is settled",
            in: "settle",
            "redis.call('HDEL', JOB_OF .. ticket, 'fence', 'deliveries', 'woken', 'revoked')",
            "redis.call('HDEL', JOB_OF .. ticket, 'deliveries', 'woken', 'revoked')"
        ),
        QueueModelMutation(
            "the fence stays when a lease has ended",
            in: "recover",
            "redis.call('HDEL', JOB_OF .. ticket, 'fence')"
        ),
        QueueModelMutation(
            "fences are not raised",
            in: "raise_fence",
            "redis.call('SET', LAST_FENCE, string.format('%d', last))"
        ),
        QueueModelMutation(
            "fences are raised by less than may be lost",
            in: "raise_fence",
            "+ 1000",
            "+ 1"
        ),
        QueueModelMutation(
            "a claim does not see that Redis has lost fences",
            in: "claim",
            "if fence > tonumber(ARGV[7]) then return fence end",
            "if true then return fence end",
            seed: 8
        ),
        QueueModelMutation(
            "a claim gives the same fence again",
            in: "claim",
            "redis.call('INCR', LAST_FENCE)",
            "tonumber(redis.call('GET', LAST_FENCE) or 1)"
        ),
    ]

    static let leases = [
        QueueModelMutation(
            "leases that last still are ended",
            in: "recover",
            "'-inf', now, 'LIMIT', 0, ARGV[1]",
            "'-inf', now + 10000, 'LIMIT', 0, ARGV[1]"
        ),
        QueueModelMutation(
            "an ended lease makes nothing ready",
            in: "recover",
            "  make_ready(ticket)\n"
        ),
        QueueModelMutation(
            "the lease stays when it has ended",
            in: "recover",
            "  redis.call('ZREM', LEASES, ticket)\n"
                + "  redis.call('HDEL', JOB_OF .. ticket, 'fence')\n",
            "  redis.call('HDEL', JOB_OF .. ticket, 'fence')\n"
        ),
        QueueModelMutation(
            "a beat renews nothing",
            in: "beat",
            "redis.call('ZADD', LEASES, 'XX', now + tonumber(ARGV[1]), ticket)"
        ),
        QueueModelMutation(
            "a beat makes a lease that is not there",
            in: "beat",
            "if job[1] ~= ARGV[i + 1] then",
            "if false then"
        ),
        QueueModelMutation(
            "a beat does not tell of cancelling",
            in: "beat",
            "cancelled[#cancelled + 1] = ticket"
        ),
        QueueModelMutation(
            "a job that its worker lost is not made ready",
            in: "survive",
            "make_ready(ARGV[1])",
            seed: 7
        ),
        QueueModelMutation(
            "a delivery that did no harm counts",
            in: "survive",
            "redis.call('HINCRBY', JOB_OF .. ARGV[1], 'deliveries', -1)"
        ),
        QueueModelMutation(
            "a worker that says twice that it lives takes off two deliveries",
            in: "survive",
            " and job[3] ~= ARGV[2] then",
            " then"
        ),
        QueueModelMutation(
            "recovering forgets the next timer",
            in: "recover",
            "if next < 0 or left < next then next = left end",
            "next = -1"
        ),
        QueueModelMutation(
            "workers that are gone stay for ever",
            in: "recover",
            "redis.call('ZREM', WORKERS, unpack(gone))"
        ),
    ]

    static let claims = [
        QueueModelMutation(
            "a paused queue is claimed from",
            in: "claim",
            "if pause ~= -2 then return {-1, pause, ''} end",
            seed: 2
        ),
        QueueModelMutation(
            "a queue that is paused until resumed is claimed from",
            in: "claim",
            "if pause ~= -2 then",
            "if pause > 0 then",
            seed: 2
        ),
        QueueModelMutation(
            "deliveries are not counted",
            in: "claim",
            "(job[6] or 0) + 1",
            "1"
        ),
        QueueModelMutation(
            "deliveries are counted for ever",
            in: "settle",
            "redis.call('HDEL', JOB_OF .. ticket, 'fence', 'deliveries', 'woken', 'revoked')",
            "redis.call('HDEL', JOB_OF .. ticket, 'fence', 'woken')"
        ),
        QueueModelMutation(
            "timers come before they are due",
            in: "claim",
            "'-inf', now, 'LIMIT', 0, most",
            "'-inf', now + 5000, 'LIMIT', 0, most"
        ),
        QueueModelMutation(
            "timers that are due stay as well",
            in: "claim",
            "if #rung > 0 then redis.call('ZREM', timers, unpack(rung)) end"
        ),
        QueueModelMutation(
            "timers that are due are dropped",
            in: "claim",
            "  return ticket\nend\n\nlocal function take_ready",
            "  return nil\nend\n\nlocal function take_ready"
        ),
        QueueModelMutation(
            "a claim forgets the next timer",
            in: "claim",
            "if next_timer then jobs[1] = math.max(0, next_timer - now) end"
        ),
        QueueModelMutation(
            "the least urgent list comes first",
            in: "claim",
            "redis.pcall('RPOP', KEYS[source])",
            "redis.pcall('RPOP', KEYS[#KEYS + 1 - source])"
        ),
        QueueModelMutation(
            "only the most urgent list is looked at",
            in: "claim",
            "source <= #KEYS",
            "source <= 1"
        ),
        QueueModelMutation(
            "the newest document comes first",
            in: "claim",
            "redis.pcall('RPOP', KEYS[source])",
            "redis.pcall('LPOP', KEYS[source])"
        ),
        QueueModelMutation(
            "documents that woke a worker are forgotten",
            in: "claim",
            "local document = redis.call('RPOP', STAGE_OF .. queue)",
            "local document"
        ),
        QueueModelMutation(
            "tickets that woke a worker are forgotten",
            in: "claim",
            "redis.call('RPOP', called) or redis.call('RPOP', ready)",
            "redis.call('RPOP', ready)"
        ),
        QueueModelMutation(
            "fresh documents never come first",
            in: "claim",
            "if ARGV[3] == '1' then\n    took",
            "if false then\n    took"
        ),
        QueueModelMutation(
            "a job's failed attempts are forgotten",
            in: "claim",
            "tonumber(job[2] or 0), job[3]",
            "0, job[3]"
        ),
    ]
}
