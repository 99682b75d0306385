@testable import Publishing

/// What must be true, kept apart from Redis: whoever looks on sees every answer, also those that
/// the workers never get.
struct QueueModelRecord {
    var rules: QueueModelRules
    /// The simulated time, ms since 1970.
    var now: Int64 = 1_700_000_000_000

    /// What the queue must know of one ticket.
    struct Ticket {
        let push: Int
        let queue: String
        /// Both `nil` until admission has found the job's id to be its own.
        var id: String?
        var account: String?
        /// Posts and drafts of an account wait apart.
        var lane: String?
        /// Why it was parked.
        var reason = ""
        /// What happened to its account since it was last parked: '*', or why somebody is rung.
        var woken: String?
        /// The last fence whose worker said that it had lost it, and lived.
        var survived: Int64?
        /// The fence of whoever holds it.
        var fence: Int64?
        var leaseEnd: Int64 = 0
        var deliveries = 0
        var attempts = 0
        var stage = Claim.Stage.post
        var polls = 0
        /// When its timer is due; `nil` where it has none, or may have been woken early.
        var due: Int64?
        /// The fence under which it was last put into its account's line.
        var lined: Int64?
        /// Whether its holder was told to run in a slot.
        var isRunning = false
        /// Whether it was ever told to run since it last began anew.
        var hasBegun = false
        var isDead = false
        var diedAt: Int64 = 0
    }

    var tickets: [String: Ticket] = [:]
    /// Documents by their texts.
    var pushes: [String: Int] = [:]
    /// How often each push was taken out of the queue for good.
    var consumed: [Int: Int] = [:]
    /// What lies in front of the queue: its stage, then the upstream lists, the last element next.
    var upstream: [String: [[String]]] = [:]

    /// Job id → the ticket that has it, and until when; no end while the ticket lives.
    var owners: [String: (ticket: String, until: Int64?)] = [:]
    var cancels: [String: Int64] = [:]
    /// Pauses by subject; no end: until somebody resumes.
    var pauses: [String: Int64?] = [:]
    /// By lane.
    var holds: [String: Int64] = [:]
    /// By account: who may transfer.
    var running: [String: Set<String>] = [:]
    /// By lane: the owners of its slots, and who waits for one, the next first.
    var slots: [String: Set<String>] = [:]
    var lines: [String: [String]] = [:]
    /// By kind and account: ticket → when it was last begun.
    var begun: [String: [String: Int64]] = [:]
    /// By endpoint and account.
    var calls: [String: [Int64]] = [:]
    /// The last fence that Redis gave out, and the highest ever.
    var lastFence: Int64 = 0
    var highestFence: Int64 = 0

    /// What was seen, to know that a run was worth something.
    var tally: [String: Int] = [:]

    init(rules: QueueModelRules) {
        self.rules = rules
        for queue in rules.queues {
            upstream[queue] = Array(repeating: [], count: 5)
        }
    }

    mutating func count(_ what: String) { tally[what, default: 0] += 1 }

    /// Whether this claim holds its ticket still.
    func isCurrent(_ claim: Claim) -> Bool { tickets[claim.ticket]?.fence == claim.fence }

    /// Keys end once their time is over, not in its last millisecond.
    func stands(_ end: Int64?) -> Bool { (end ?? .max) >= now }

    func owner(of id: String) -> String? {
        owners[id].flatMap { stands($0.until) ? $0.ticket : nil }
    }

    func isPaused(_ subject: Pauses.Subject) -> Bool {
        pauses[subject.key].map { stands($0) } ?? false
    }

    func isHeld(_ lane: String) -> Bool { holds[lane].map { stands($0) } ?? false }

    static func lanes(of account: String) -> [String] { ["post:" + account, "draft:" + account] }

    func countedInDay(_ kind: String, _ account: String) -> [String: Int64] {
        (begun["\(kind):\(account)"] ?? [:]).filter { $0.value > now - QueueModelRules.day }
    }

    var activeAccounts: Set<String> {
        Set(rules.accounts.filter { !countedInDay("post", $0).isEmpty })
    }

    /// Calls in the last minute, this moment included.
    func callsInMinute(_ endpoint: String, _ account: String, seconds: Int64 = 60) -> Int {
        (calls["\(endpoint):\(account)"] ?? []).count { $0 > now - seconds * 1000 }
    }

    // MARK: What happens to a ticket, whoever does it

    /// Its holder lived to tell.
    mutating func release(_ ticket: String) {
        tickets[ticket]?.fence = nil
        tickets[ticket]?.deliveries = 0
        tickets[ticket]?.isRunning = false
        tickets[ticket]?.woken = nil
    }

    /// The next in line become owners of what is free once a slot is given up.
    mutating func freeSlot(_ lane: String, _ ticket: String) {
        guard slots[lane]?.remove(ticket) != nil else { return }
        while slots[lane]?.count ?? 0 < rules.limits.concurrency,
            let next = lines[lane]?.first
        {
            lines[lane]?.removeFirst()
            slots[lane]?.insert(next)
        }
    }

    /// Those that wait with a slot look again, all of them or only those parked for a reason.
    mutating func ring(_ lane: String, onlyFor reason: String? = nil) {
        for name in slots[lane] ?? [] {
            if tickets[name]?.fence != nil {
                let heard = tickets[name]?.woken ?? reason ?? "*"
                tickets[name]?.woken = heard == reason ? heard : "*"
            } else if reason == nil || tickets[name]?.reason == reason {
                tickets[name]?.due = nil
            }
        }
    }

    /// Nothing of it is left but its id.
    mutating func consume(_ ticket: String) {
        guard let gone = tickets.removeValue(forKey: ticket) else { return }
        consumed[gone.push, default: 0] += 1
        guard let id = gone.id, owners[id]?.ticket == ticket else { return }
        owners[id]?.until = now + 7 * QueueModelRules.day
    }

    mutating func noteCall(
        _ endpoint: String,
        _ account: String,
        atMost limit: Int
    ) throws(QueueModelViolation) {
        calls["\(endpoint):\(account)", default: []].append(now)
        let made = callsInMinute(endpoint, account)
        count("calls")
        try unless(made <= limit, "\(made) calls of \(endpoint) for \(account) in a minute")
    }

    mutating func noteBegun(_ kind: String, _ account: String, _ ticket: String) {
        begun["\(kind):\(account)", default: [:]][ticket] = now
    }

    /// The earliest timer that is known to be due after now.
    func nextTimer(of queues: [String]) -> Int64? {
        tickets.values.filter { queues.contains($0.queue) && ($0.due ?? 0) > now }
            .compactMap(\.due).min()
    }

    func checkNextTimer(_ told: Duration?, of queues: [String]) throws(QueueModelViolation) {
        guard let due = nextTimer(of: queues) else { return }
        try unless(told != nil, "a timer is due in \(due - now) ms; told of none")
        try unless(
            (told?.milliseconds ?? 0) <= due - now,
            "a timer is due in \(due - now) ms; told \(told?.milliseconds ?? -1) ms"
        )
    }
}
