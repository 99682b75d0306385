/// Every Redis key of the program, spelt here and nowhere else.
///
/// All scripts get `all` as their KEYS, in this order; `prelude.lua` names them. Every key but the
/// upstream lists starts with `REDIS_KEY_PREFIX`, whose braces keep them in one slot of a cluster.
package struct QueueKeys: Sendable {
    package let all: [String]
    private let prefix: String

    /// Braces, so that all keys share one slot of a cluster.
    package static let usualPrefix = "{tiktok}:"

    package init(prefix: String) {
        self.prefix = prefix
        all = [
            "leases",  // ZSET: ticket → when its lease ends, ms
            "fences",  // HASH: ticket → fence; present exactly while leased
            "deliveries",  // HASH: ticket → times claimed without a verdict
            "fence",  // INT: the last fence given out
            "dead",  // ZSET: ticket → when it died, ms
            "job:",  // HASH per ticket: document, queue, account, id, …
            "ready:",  // LIST per queue: tickets to go on with
            "stage:",  // LIST per queue: documents moved here to wake one worker
            "timers:",  // ZSET per queue: ticket → due, ms
            "slots:",  // SET per account: tickets that own one of its slots
            "line:",  // LIST per account: tickets waiting for a slot
            "counted:",  // ZSET per account: "post ticket" or "draft ticket" → when admitted, ms
            "hold:",  // INT per account: posts nothing before this, ms
            "owner:",  // STRING per job id: the ticket that owns it
        ].map { prefix + $0 }
    }

    /// Where a blocked worker moves a document so that exactly one is woken.
    package func stage(of queue: String) -> String {
        prefix + "stage:" + queue
    }
}
