internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import Publishing

extension Command {
    static let queues = Command(
        name: "queues",
        synopsis: "[--json]",
        summary: "shows how many jobs are where, queue by queue",
        help: """
            One line for each queue of QUEUES, and for each other one that has jobs in hand, in
            line or dead, that has rows, or that a worker serves:

            PUSHED     documents that no worker has read yet
            READY      may go on now
            IN HAND    a worker has them
            TIMERS     wait for a moment: schedule, back-off, limits, TikTok's processing,
                       and questions about posts that have ended, such as for the id of one
            IN LINE    wait until another job of their account is through
            IN DOUBT   TikTok may have posted them; see `history --status in_doubt`
            DEAD       dead letters; see `dead list`
            OLDEST     age of the oldest job that has begun its way and is not scheduled for later
            PAUSED     until when, and why

            Below: what the jobs that wait, wait for, as their rows say. When PostgreSQL is away,
            what only it knows is left out.
            """,
        flags: ["--json"],
        run: { arguments, console in
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            let backlog = await backlog(assembly, console)
            let depths = try await depths(assembly, backlog)
            for depth in depths where arguments.has("--json") {
                console.json(QueuesText.json(depth, backlog))
            }
            if !arguments.has("--json") { console.out(QueuesText.table(depths, backlog)) }
            return .done
        }
    )

    /// Those of the settings first, then others that anybody works on or waits in.
    private static func depths(
        _ assembly: Assembly,
        _ backlog: Backlog?
    ) async throws -> [QueueDepths] {
        let own = assembly.settings.queues.map(\.name)
        let served = try await assembly.queue.presences().flatMap(\.queues)
        let recorded = (backlog?.parts ?? []).map(\.queue).filter { !$0.isEmpty }
        let others = Set(served + recorded).subtracting(own).sorted()
        return try await assembly.queue.depths(of: own + others)
    }

    /// Redis alone tells enough to be of use in an outage.
    private static func backlog(_ assembly: Assembly, _ console: Console) async -> Backlog? {
        do {
            return try await HistoryReader(database: assembly.database).backlog()
        } catch {
            console.err("warning: PostgreSQL is left out: \(error)")
            return nil
        }
    }
}

/// Pure: depths as people and programs read them.
enum QueuesText {
    static func table(_ depths: [QueueDepths], _ backlog: Backlog?) -> String {
        var table = Table([
            "QUEUE", "PUSHED", "READY", "IN HAND", "TIMERS", "IN LINE", "IN DOUBT", "DEAD",
            "OLDEST", "PAUSED",
        ])
        for depth in depths {
            let counts = [
                depth.pushedInAll, depth.ready, depth.inHand, depth.timed, depth.inLine,
            ]
            table.add(
                [depth.queue] + counts.map { "\($0)" } + [
                    backlog.map { "\($0.inDoubt(depth.queue))" } ?? "?", "\(depth.dead)",
                    backlog?.oldest[depth.queue].map(TimeSpan.age) ?? "",
                    depth.pause.map(pause) ?? "",
                ]
            )
        }
        let reasons = depths.compactMap { depth in backlog.flatMap { waits(depth.queue, $0) } }
        let partial =
            backlog?.isPartial == true
            ? ["rows were counted up to \(HistoryReader.backlogMax) of each status"] : []
        return ([table.text] + reasons + partial).joined(separator: "\n")
    }

    private static func pause(_ pause: Pauses.Pause) -> String {
        let end = pause.left.map { "for \(TimeSpan.text($0)) more" } ?? "until resumed"
        return "\(end): \(pause.reason)"
    }

    private static func waits(_ queue: String, _ backlog: Backlog) -> String? {
        let waits = backlog.waits(queue).sorted { $0.key < $1.key }
        guard !waits.isEmpty else { return nil }
        let text = waits.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(queue) waits for: \(text)".printable
    }

    static func json(_ depth: QueueDepths, _ backlog: Backlog?) -> JSONValue {
        let waits = backlog.map { backlog in
            JSONValue.object(backlog.waits(depth.queue).mapValues { .integer(Int64($0)) })
        }
        let pause = depth.pause.map { pause -> JSONValue in
            [
                "reason": .string(pause.reason),
                "ends_at": .time(pause.left.map { .now + $0.seconds }),
            ]
        }
        return [
            "queue": .string(depth.queue), "pushed": .integer(Int64(depth.pushedInAll)),
            "pushed_by_priority": .array(depth.pushed.map { .integer(Int64($0)) }),
            "ready": .integer(Int64(depth.ready)), "in_hand": .integer(Int64(depth.inHand)),
            "timers": .integer(Int64(depth.timed)), "in_line": .integer(Int64(depth.inLine)),
            "in_doubt": backlog.map { .integer(Int64($0.inDoubt(depth.queue))) } ?? .null,
            "dead": .integer(Int64(depth.dead)), "waiting_for": waits ?? .null,
            "oldest_received_at": .time(backlog?.oldest[depth.queue]),
            "paused": pause ?? .null,
            "rows_are_partial": backlog.map { .bool($0.isPartial) } ?? .null,
        ]
    }
}

extension Backlog {
    fileprivate func inDoubt(_ queue: String) -> Int {
        parts.filter { $0.queue == queue && $0.status == .inDoubt }.reduce(0) { $0 + $1.count }
    }

    /// Rows that wait, by what they wait for.
    fileprivate func waits(_ queue: String) -> [String: Int] {
        var waits: [String: Int] = [:]
        for part in parts where part.queue == queue && !part.status.isFinal {
            if let reason = part.waitingFor { waits[reason, default: 0] += part.count }
        }
        return waits
    }
}
