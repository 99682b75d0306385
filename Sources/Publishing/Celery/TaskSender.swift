internal import Redis
internal import Telemetry

/// Puts the messages that follow a task onto their lists.
struct TaskSender: Sendable {
    let queue: JobQueue
    let routes: TaskRoutes
    let log: Log

    /// How long it is remembered that what follows a task was sent; a worker that takes over comes
    /// within minutes.
    private static let memory = Duration.seconds(7 * 86_400)

    enum Answer: Sendable {
        case sent
        /// Somebody else had sent them, before it died or the message came again.
        case sentBefore
        /// The job is another worker's now.
        case lost
    }

    /// Sends all of them or, when that has been done, none.
    ///
    /// - Parameters:
    ///   - end: how the task ended; for each way to end, what follows is sent once.
    ///   - task: or the group whose chord is over.
    func send(
        _ messages: [TaskMessage],
        after task: String,
        _ end: String,
        _ claim: Claim
    ) async throws(RedisError) -> Answer {
        let queues = try await queues(of: messages)
        var arguments: [RedisArgument] = [
            .text(claim.ticket), .integer(claim.fence), .text(task), .text(end),
            .integer(Self.memory.milliseconds),
        ]
        for (message, name) in zip(messages, queues) {
            let list = CeleryKeys.list(of: name, priority: message.priority)
            arguments += [.text(list), .bytes(message.element(for: name))]
        }
        switch try await queue.run(queue.scripts.follow, arguments).integer {
        case -2: return .lost
        case -1: return .sentBefore
        case 0: return .sent
        case let refused?:
            log.error(
                "celery.unsent",
                [
                    "count": .integer(refused),
                    "remedy": "delete or rename the keys that stand where queues should be lists",
                ]
            )
            return .sent
        case nil: throw .unexpectedAnswer(of: queue.scripts.follow)
        }
    }

    /// Where each of them goes; an exchange is looked up in what Celery's workers have bound to it.
    private func queues(of messages: [TaskMessage]) async throws(RedisError) -> [String] {
        var found: [TaskMessage.Destination: String] = [:]
        var queues: [String] = []
        for message in messages {
            let destination = message.destination
            switch destination {
            case .queue(let name): queues.append(name)
            case .exchange(let exchange, let key):
                if found[destination] == nil {
                    found[destination] = try await bound(exchange, key) ?? ""
                }
                let name = found[destination] ?? ""
                queues.append(name.isEmpty ? routes.queue(of: message.signature.task) : name)
            case .routed: queues.append(routes.queue(of: message.signature.task))
            }
        }
        return queues
    }

    /// - Returns: `nil` when nothing is bound there.
    private func bound(_ exchange: String, _ key: String) async throws(RedisError) -> String? {
        let keys = CeleryKeys.bindings(of: exchange).map { RedisArgument.text($0) }
        for member in try await queue.redis.send(["SUNION"] + keys).array ?? [] {
            guard
                let parts = member.text?.split(
                    separator: CeleryKeys.separator,
                    omittingEmptySubsequences: false
                ), parts.count == 3, parts[0] == key
            else { continue }
            return String(parts[2])
        }
        // Celery itself would drop it without a word.
        log.error(
            "celery.unbound",
            ["remedy": "start a Celery worker that consumes that exchange, or give a queue"]
        )
        return nil
    }

    /// Lets exchanges of the names of our queues lead to them, for clients that send by exchange.
    func bind(_ names: [String]) async throws(RedisError) {
        let commands = names.flatMap { name in
            CeleryKeys.bindings(of: name).map { key -> [RedisArgument] in
                ["SADD", .text(key), .text(CeleryKeys.binding(name, to: name))]
            }
        }
        try await queue.redis.sendAll(commands)
    }
}
