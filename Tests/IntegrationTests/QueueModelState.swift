@testable import Publishing

/// A snapshot, by what the keys stand for.
struct QueueModelState {
    private let all: QueueModelSnapshot

    /// Ticket → the hash of its job.
    let jobs: [String: [String: String]]
    /// Ticket → every place where it stands.
    private(set) var places: [String: [String]] = [:]
    /// Ticket → the queue whose list or timers it stands in.
    private(set) var queues: [String: String] = [:]
    /// Every document that lies in front of the queue or in it.
    private(set) var documents: [String] = []
    private(set) var called = 0

    init(_ all: QueueModelSnapshot) {
        self.all = all
        jobs = all.all(all.hashes, Self.prefix + "job:")
        for list in ["ready", "called"] {
            for (queue, tickets) in all.all(all.lists, Self.prefix + list + ":") {
                for ticket in tickets { put(ticket, list, queue) }
                if list == "called" { called += tickets.count }
            }
        }
        for (queue, timers) in all.all(all.ordered, Self.prefix + "timers:") {
            for ticket in timers.keys { put(ticket, "timers", queue) }
        }
        for (account, tickets) in lines {
            for ticket in tickets { put(ticket, "line", nil, of: account) }
        }
        for ticket in leases.keys { put(ticket, "leases", nil) }
        for ticket in dead { put(ticket, "dead", nil) }
        let fresh = all.lists.filter { key, _ in
            !key.hasPrefix(Self.prefix) || key.hasPrefix(Self.prefix + "stage:")
        }
        documents = fresh.values.flatMap { $0 } + jobs.values.compactMap { $0["document"] }
    }

    private mutating func put(
        _ ticket: String,
        _ place: String,
        _ queue: String?,
        of account: String? = nil
    ) {
        places[ticket, default: []].append(place)
        queues[ticket] = queue
    }

    private static let prefix = QueueModelRules.prefix

    var leases: [String: Int64] { all.ordered[Self.prefix + "leases"] ?? [:] }
    var dead: [String] { Array((all.ordered[Self.prefix + "dead"] ?? [:]).keys) }
    var cancels: [String: Int64] { all.ordered[Self.prefix + "cancels"] ?? [:] }
    var running: [String: [String]] { all.all(all.sets, Self.prefix + "running:") }
    var slots: [String: [String]] { all.all(all.sets, Self.prefix + "slots:") }
    var lines: [String: [String]] {
        all.all(all.ordered, Self.prefix + "line:")
            .mapValues { line in line.sorted { $0.value < $1.value }.map(\.key) }
    }
    var owners: [String: String] { all.all(all.texts, Self.prefix + "owner:") }
    var holds: [String: String] { all.all(all.texts, Self.prefix + "hold:") }
    var counted: [String: [String: Int64]] { all.all(all.ordered, Self.prefix + "counted:") }
    var calls: [String: [String]] { all.all(all.lists, Self.prefix + "calls:") }

    var inLine: [String: Int] {
        (all.hashes[Self.prefix + "in_line"] ?? [:]).mapValues { Int($0) ?? -1 }
    }

    /// 0: the stage; then the upstream lists, the most urgent first; the last element is next.
    func upstream(_ queue: String, _ level: Int) -> [String] {
        let key =
            level == 0
            ? QueueModelRules.keys.stage(of: queue) : QueueKeys.sources(of: queue)[level - 1]
        return all.lists[key] ?? []
    }
}
