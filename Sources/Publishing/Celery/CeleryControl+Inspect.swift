internal import FoundationEssentials
internal import JSON
internal import Processes
internal import Redis

/// What Celery's tools ask to be shown.
extension CeleryControl {
    /// Most tasks of one answer.
    private static let shownMax = 200
    /// Longest arguments that are shown as values, in bytes of JSON; of longer ones the text that
    /// their caller gave them.
    private static let argumentBytesMax = 4096

    // MARK: The worker

    var stats: JSONValue {
        let (facts, usage) = (parts.facts, Usage.process)
        return [
            "total": .object(parts.tasks.totals), "pid": .integer(Int64(node.process)),
            "clock": .string(String(node.time)),
            "uptime": .integer(ContinuousClock.now - facts.since),
            "pool": [
                "implementation": "tiktok-publisher",
                "max-concurrency": .count(facts.concurrency),
                "processes": [.integer(Int64(node.process))], "max-tasks-per-child": "N/A",
                "put-guarded-by-semaphore": false, "timeouts": [0, 0], "writes": [:],
            ],
            "broker": facts.broker, "prefetch_count": .count(facts.concurrency),
            "rusage": [
                "utime": .double(usage.userSeconds), "stime": .double(usage.systemSeconds),
                "maxrss": .integer(usage.memoryPeak),
            ],
        ]
    }

    var conf: [String: JSONValue] {
        parts.facts.settings.merging(
            ["worker_send_task_events": .bool(parts.events.sendsTasks)]
        ) { $1 }
    }

    var report: String {
        let settings = conf.sorted { $0.key < $1.key }
            .map { "\($0.key): \(PythonText.of($0.value))" }
        let head = "software -> tiktok-publisher (no Python); platform -> system:Linux"
        return ([head, ""] + settings).joined(separator: "\n")
    }

    func hello(_ arguments: [String: JSONValue]) async throws(RedisError) -> Answer {
        guard arguments["from_node"]?.string != node.name else { return .value(.null) }
        // A list of ids, or an object by id, as the asker's version has it.
        let theirs = arguments["revoked"] ?? .null
        let ids = theirs.array?.compactMap(\.string) ?? theirs.object.map { Array($0.keys) } ?? []
        try await queue.flagRevoked(ids)
        let ours = names(try await queue.revokedTasks())
        return .value(["revoked": ours, "clock": .integer(node.tick())])
    }

    // MARK: Tasks

    func active(_ arguments: [String: JSONValue]) -> JSONValue {
        let isSafe = arguments["safe"]?.bool ?? false
        return .array(
            parts.tasks.active(atMost: Self.shownMax).map { task in
                info(task.message, since: task.since, isSafe: isSafe)
            }
        )
    }

    /// Taken from the lists, in nobody's hands.
    func reserved(_ arguments: [String: JSONValue]) async throws(RedisError) -> JSONValue {
        let isSafe = arguments["safe"]?.bool ?? false
        let tasks = try await queue.readyTasks(of: parts.facts.queues, atMost: Self.shownMax)
        return .array(tasks.map { info($0, since: nil, isSafe: isSafe) })
    }

    /// On timers, which belong to all workers.
    func scheduled(_ arguments: [String: JSONValue]) async throws(RedisError) -> JSONValue {
        let isSafe = arguments["safe"]?.bool ?? false
        let tasks = try await queue.timedTasks(of: parts.facts.queues, atMost: Self.shownMax)
        return .array(
            tasks.map { task in
                [
                    "eta": .time(task.due), "priority": 6,
                    "request": info(task.message, since: nil, isSafe: isSafe),
                ]
            }
        )
    }

    func queryTask(_ arguments: [String: JSONValue]) async throws(RedisError) -> Answer {
        let asked = arguments["ids"] ?? .null
        let ids = asked.string.map { [$0] } ?? asked.array?.compactMap(\.string) ?? []
        var found: [String: JSONValue] = [:]
        for id in ids.prefix(Self.shownMax) {
            if let task = parts.tasks.find(id) {
                let info = info(task.message, since: task.since, isSafe: false)
                found[id] = ["active", info]
            } else if let waiting = try await queue.waitingTask(id) {
                let state = waiting.isOnTimer ? "scheduled" : "reserved"
                let info = info(waiting.message, since: nil, isSafe: false)
                found[id] = [.string(state), info]
            }
        }
        return .value(.object(found))
    }

    /// - Parameter since: when it was taken; `nil`: nobody has it.
    private func info(_ task: CeleryMessage, since: Date?, isSafe: Bool) -> JSONValue {
        let (arguments, keywords) = (
            JSONValue.array(task.arguments), JSONValue.object(task.keywords)
        )
        let isLong = arguments.encoded.count + keywords.encoded.count > Self.argumentBytesMax
        let showsText = isSafe || isLong
        return [
            "id": .string(task.id), "name": .string(task.task), "type": .string(task.task),
            "args": showsText ? .string(task.argumentsText) : arguments,
            "kwargs": showsText ? .string(task.keywordsText) : keywords,
            "hostname": .string(node.name),
            "time_start": since.map { .double($0.timeIntervalSince1970) } ?? .null,
            "acknowledged": false,
            "delivery_info": [
                "exchange": .string(task.delivery.exchange),
                "routing_key": .string(task.delivery.routingKey),
                "priority": .integer(task.delivery.priority),
                "redelivered": .bool(task.delivery.wasRedelivered),
            ],
            "worker_pid": since == nil ? .null : .integer(Int64(node.process)),
        ]
    }
}

extension JSONValue {
    /// Whole seconds.
    fileprivate static func integer(_ duration: Duration) -> JSONValue {
        .integer(duration.components.seconds)
    }
}
