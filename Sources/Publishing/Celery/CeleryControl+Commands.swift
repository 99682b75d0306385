internal import JSON
internal import Redis

/// The commands of Celery's remote control (celery 5.7.0, worker/control.py, 2026-11-22).
extension CeleryControl {
    // tidy: long function, because it is the table of all commands.
    func obey(_ request: CeleryRequest) async throws(RedisError) -> Answer {
        let arguments = request.arguments
        switch request.method {
        case "ping": return .done("pong")
        case "clock": return .value(["clock": .integer(node.time)])
        case "hello": return try await hello(arguments)
        case "stats": return .value(stats)
        case "conf", "dump_conf": return .value(.object(conf))
        case "report": return .done(report)
        case "registered", "dump_tasks": return .value(names(registered))
        case "active_queues": return .value(activeQueues)
        case "active", "dump_active": return .value(active(arguments))
        case "reserved", "dump_reserved": return .value(try await reserved(arguments))
        case "scheduled", "dump_schedule": return .value(try await scheduled(arguments))
        case "query_task": return try await queryTask(arguments)
        case "revoked", "dump_revoked": return .value(names(try await queue.revokedTasks()))
        case "revoke": return try await revoke(arguments, terminates: false)
        case "terminate": return try await revoke(arguments, terminates: true)
        case "enable_events": return switchEvents(true)
        case "disable_events": return switchEvents(false)
        case "heartbeat":
            await parts.events.beat()
            return .value(.null)
        case "rate_limit": return limitRate(arguments)
        case "time_limit": return limitTime(arguments)
        case "add_consumer": return consume(arguments, true)
        case "cancel_consumer": return consume(arguments, false)
        case "shutdown":
            // Not waited for: the worker may be busy, and the next request is not.
            Task { await parts.worker.stop() }
            return .silence
        case "pool_grow", "pool_shrink", "pool_restart", "autoscale":
            return .refused(
                "not applicable: a worker is one process that posts up to CONCURRENCY jobs at "
                    + "once; start or stop workers instead"
            )
        case "revoke_by_stamped_headers": return try await revokeStamped(arguments)
        // Elections are among Python's workers; the others look into a Python's memory.
        case "election", "memsample", "memdump", "objgraph": return .silence
        default:
            return .refused("KeyError(\(PythonText.of(.string(request.method), atMost: 100)))")
        }
    }

    // MARK: The worker

    private func switchEvents(_ isOn: Bool) -> Answer {
        let state = isOn ? "enabled" : "disabled"
        let isChange = parts.events.sendTasks(isOn)
        return .done(isChange ? "task events \(state)" : "task events already \(state)")
    }

    /// In Celery's words (celery 5.7.0, worker/control.py `rate_limit`, 2026-11-23).
    private func limitRate(_ arguments: [String: JSONValue]) -> Answer {
        do throws(TaskRate.Malformed) {
            let rate = try TaskRate.read(arguments["rate_limit"] ?? .null)
            guard let name = taskName(in: arguments) else { return .refused("unknown task") }
            parts.rates.set(rate, for: name)
            return .done(
                rate == nil ? "rate limit disabled successfully" : "new rate limit set successfully"
            )
        } catch {
            return .refused(error.words)
        }
    }

    /// Said, not swallowed.
    private func limitTime(_ arguments: [String: JSONValue]) -> Answer {
        guard taskName(in: arguments) != nil else { return .refused("unknown task") }
        return .refused(
            "not applicable: a post that has begun is not broken off; STATUS_DEADLINE_SECONDS says "
                + "how long TikTok may take"
        )
    }

    private func taskName(in arguments: [String: JSONValue]) -> String? {
        arguments["task_name"]?.string.flatMap { parts.facts.taskNames.contains($0) ? $0 : nil }
    }

    /// Names of tasks, with their rates, as Celery shows them.
    private var registered: [String] {
        parts.facts.taskNames.map { name in
            parts.rates.text(for: name).map { "\(name) [rate_limit=\($0)]" } ?? name
        }
    }

    private func consume(_ arguments: [String: JSONValue], _ isOn: Bool) -> Answer {
        guard let name = arguments["queue"]?.string, parts.worker.consume(name, isOn) else {
            return .refused(
                "this worker was not started for that queue; its queues are "
                    + parts.facts.queues.joined(separator: ", ")
            )
        }
        return .done(isOn ? "add consumer \(name)" : "no longer consuming from \(name)")
    }

    private var activeQueues: JSONValue {
        .array(parts.worker.consumedQueues.map(parts.facts.description))
    }

    func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
}
