/// Every Redis key of the program, spelt here and nowhere else.
///
/// The scripts get them as Lua constants (`luaConstants`), so a call carries no list of keys. Every
/// key but the upstream lists starts with `REDIS_KEY_PREFIX`, whose braces keep them in one slot of
/// a cluster.
package struct QueueKeys: Sendable {
    private let prefix: String

    /// Braces, so that all keys share one slot of a cluster.
    package static let usualPrefix = "{tiktok}:"

    /// Name in the scripts, and key.
    ///
    /// Those that end in a colon are beginnings, completed by a
    /// ticket, a list's name, an account or a job id; in the scripts their names end in `_OF`.
    private static let names = [
        ("LEASES", "leases"),  // ZSET: ticket → when its lease ends, ms
        ("LAST_FENCE", "fence"),  // INT: the last fence given out
        ("DEAD", "dead"),  // ZSET: ticket → when it died, ms
        ("JOB_OF", "job:"),  // HASH per ticket: document, queue, received, and what is known later
        ("READY_OF", "ready:"),  // LIST per queue: tickets to go on with
        ("CALLED_OF", "called:"),  // LIST per queue: tickets moved here to wake one worker
        ("STAGE_OF", "stage:"),  // LIST per queue: documents moved here to wake one worker
        ("TIMERS_OF", "timers:"),  // ZSET per queue: ticket → due, ms
        ("IN_LINE", "in_line"),  // HASH: queue → its tickets in the lines of accounts
        // A lane is a kind and an account: "post:mira", "draft:mira".
        ("SLOTS_OF", "slots:"),  // SET per lane: tickets that own one of its slots
        ("LINE_OF", "line:"),  // ZSET per lane: ticket that waits for a slot → its fence
        ("RUNNING_OF", "running:"),  // SET per account: tickets that may transfer now
        ("COUNTED_OF", "counted:"),  // ZSET per lane: ticket → when it was counted, ms
        ("ACTIVE", "active"),  // ZSET: account → when it last posted, ms
        ("CALLS_OF", "calls:"),  // LIST per endpoint and account: the latest calls, ms
        ("HOLD_OF", "hold:"),  // STRING per lane: "until waiting_for why", ms; ends by itself
        ("PAUSE_OF", "pause:"),  // STRING per queue or account: why a person paused it
        ("OWNER_OF", "owner:"),  // STRING per job id: the ticket that owns it
        ("CANCELS", "cancels"),  // ZSET: job id → when somebody asked to cancel it, ms
        ("REVOKED_TASKS", "revoked_tasks"),  // ZSET: Celery task → when it was revoked, ms
        ("REVOKED_STAMPS", "revoked_stamps"),  // ZSET: name and value → the same, ms
        ("TASK_OF", "task:"),  // STRING per Celery task that has not ended: the id of its own job
        ("ASKING_OF", "asking:"),  // STRING per task that waits for another's job: its ticket
        ("FOLLOWED_OF", "followed:"),  // STRING per Celery task: what follows it was sent
        ("ASKERS_OF", "askers:"),  // SET per job id: tickets whose callers want its end
        ("WORKERS", "workers"),  // ZSET: worker → its last sign of life, ms
        ("WORKER_STATES", "worker_states"),  // HASH: worker → what it is doing, JSON
    ]

    package init(prefix: String) {
        self.prefix = prefix
    }

    /// The upstream lists of a queue, the most urgent first.
    ///
    /// Celery's Redis transport has four steps of priority, each a list of its own (kombu's
    /// `priority_steps` 0, 3, 6, 9 and `sep` 06 16; captured from Celery 5.6 on 2026-11-22).
    package static func sources(of queue: String) -> [String] {
        [queue] + ["3", "6", "9"].map { queue + CeleryKeys.separator + $0 }
    }

    /// Where a blocked worker moves a document so that exactly one is woken.
    package func stage(of queue: String) -> String { prefix + "stage:" + queue }

    /// Where a blocked worker moves a ticket so that exactly one is woken.
    package func called(of queue: String) -> String { prefix + "called:" + queue }

    package func ready(of queue: String) -> String { prefix + "ready:" + queue }

    package func timers(of queue: String) -> String { prefix + "timers:" + queue }

    package func pause(of subject: Pauses.Subject) -> String { prefix + "pause:" + subject.key }

    package func job(_ ticket: String) -> String { prefix + "job:" + ticket }

    package func owner(of id: String) -> String { prefix + "owner:" + id }

    /// Which job a Celery task is, until it ends.
    package func task(_ id: String) -> String { prefix + "task:" + id }

    /// Which ticket a Celery task is that waits for the job of another.
    func asking(_ task: String) -> String { prefix + "asking:" + task }

    package func askers(of id: String) -> String { prefix + "askers:" + id }

    package var dead: String { prefix + "dead" }
    package var leases: String { prefix + "leases" }
    package var inLine: String { prefix + "in_line" }
    var revokedStamps: String { prefix + "revoked_stamps" }
    var revokedTasks: String { prefix + "revoked_tasks" }
    package var workers: String { prefix + "workers" }
    package var workerStates: String { prefix + "worker_states" }

    /// The keys as the scripts know them: one Lua constant for each that `script` names, for each
    /// costs every run a little.
    func luaConstants(of script: String) -> String {
        Self.names.filter { name, _ in script.contains(name) }
            .map { name, key in "local \(name) = \(Self.luaText(prefix + key))\n" }.joined()
    }

    private static func luaText(_ text: String) -> String {
        let escaped = text.utf8.map { byte -> String in
            let isPlain = (0x20...0x7E).contains(byte) && byte != 0x5C && byte != 0x27
            let digits = String(byte)
            return isPlain
                ? String(UnicodeScalar(byte))
                : "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
        return "'" + escaped.joined() + "'"
    }
}
