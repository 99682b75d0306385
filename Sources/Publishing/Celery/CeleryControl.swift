package import EventLoop
internal import JSON
package import Redis
package import Telemetry

/// Answers Celery's remote control, on a thread that runs no jobs: whoever asks waits a second.
///
/// Answers only when it is meant and somebody waits; nothing that comes in stops it.
package actor CeleryControl {
    /// What it speaks for.
    package struct Parts: Sendable {
        let node: CeleryNode
        let tasks: CeleryTasks
        let rates: TaskRates
        let events: CeleryEvents
        let queue: JobQueue
        let worker: Worker
        let facts: CeleryFacts
        let log: Log

        /// - Parameter queue: over a connection on the control's loop.
        package init(
            node: CeleryNode,
            tasks: CeleryTasks,
            rates: TaskRates,
            events: CeleryEvents,
            queue: JobQueue,
            worker: Worker,
            facts: CeleryFacts,
            log: Log
        ) {
            self.node = node
            self.tasks = tasks
            self.rates = rates
            self.events = events
            self.queue = queue
            self.worker = worker
            self.facts = facts
            self.log = log
        }
    }

    /// What a command comes to.
    enum Answer: Sendable, Equatable {
        /// Not even whoever waits is told anything.
        case silence
        case value(JSONValue)

        static func done(_ words: String) -> Answer { .value(["ok": .string(words)]) }
        static func refused(_ words: String) -> Answer { .value(["error": .string(words)]) }
    }

    private let loop: EventLoop
    let parts: Parts
    private var listening: Task<Void, Never>?
    private var malformed = RareWarning()
    private var unanswered = RareWarning()

    /// Most requests that wait to be answered, each as long as `CeleryTools.requestBytesMax`.
    private static let waitingMax = 16
    /// How long an answer is kept for an asker that is gone.
    private static let replyLife: Int64 = 60

    var node: CeleryNode { parts.node }
    var queue: JobQueue { parts.queue }
    private var redis: RedisClient { parts.queue.redis }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameter loop: not the loop that jobs use.
    package init(on loop: EventLoop, parts: Parts) {
        self.loop = loop
        self.parts = parts
    }

    /// Begins to answer; until the listener is closed.
    ///
    /// - Parameter listener: a client that is used for nothing else.
    package func start(over listener: RedisClient, database: Int) async {
        guard listening == nil else { return }
        let log = parts.log
        await listener.onChange { state in
            guard case .down = state else { return }
            Task { await Self.explain(listener, log) }
        }
        let channel = CeleryKeys.controlChannel(database: database)
        let messages = await listener.subscribe(to: channel, holding: Self.waitingMax)
        listening = Task {
            for await message in messages { await receive(message) }
        }
    }

    /// An outage is told by whoever claims; a refusal is a person's to mend.
    private static func explain(_ listener: RedisClient, _ log: Log) async {
        guard let refusal = await listener.refusal else { return }
        log.warning(
            "celery.control.refused",
            [
                "error": .error(refusal),
                "remedy": .string(CeleryKeys.permissionsRemedy),
            ]
        )
    }

    private func receive(_ message: [UInt8]) async {
        do throws(CeleryRequest.Malformed) {
            guard let request = try CeleryRequest.read(message, for: node.name) else { return }
            if let clock = request.clock { node.hear(clock) }
            await reply(await answer(request), to: request)
        } catch {
            guard let unlogged = malformed.next() else { return }
            parts.log.warning(
                "celery.control.malformed",
                ["reason": .string(error.reason), "unlogged": .integer(unlogged)]
            )
        }
    }

    private func answer(_ request: CeleryRequest) async -> Answer {
        do throws(RedisError) {
            return try await obey(request)
        } catch {
            return .refused("Redis: \(error)")
        }
    }

    // MARK: Answering

    private func reply(_ answer: Answer, to request: CeleryRequest) async {
        guard case .value(let value) = answer, let address = request.reply else { return }
        let list = CeleryKeys.replyQueue(of: address.exchange, routingKey: address.routingKey)
        let binding = CeleryKeys.binding(address.routingKey, to: list)
        let bindings = CeleryKeys.bindings(of: address.exchange)
        do {
            // Nobody would ever read an answer to an asker that is gone.
            let isBound = try await redis.sendAll(
                bindings.map { ["SISMEMBER", .text($0), .text(binding)] }
            )
            guard isBound.contains(.integer(1)) else { return }
            let message = CeleryEnvelope.message(
                .object([node.name: value]),
                headers: ["ticket": address.ticket, "clock": .integer(node.tick())],
                exchange: address.exchange,
                routingKey: address.routingKey,
                isDurable: false
            )
            try await redis.sendAll([
                ["LPUSH", .text(list), .bytes(message)],
                ["EXPIRE", .text(list), .integer(Self.replyLife)],
            ])
        } catch {
            guard let unlogged = unanswered.next() else { return }
            parts.log.warning(
                "celery.control.unanswered",
                [
                    "method": .string(request.method), "error": .error(error),
                    "unlogged": .integer(unlogged),
                ]
            )
        }
    }
}

/// A warning that anybody who reaches Redis can cause: the log must not fill with it.
private struct RareWarning {
    /// Those that were not logged since the last one that was.
    private var unlogged = 0
    private var lastLogged: ContinuousClock.Instant?

    /// How often one is logged.
    private static let pause = Duration.seconds(30)

    /// - Returns: how many were not logged before this one; `nil`: nor is this one.
    mutating func next() -> Int? {
        guard lastLogged.map({ ContinuousClock.now - $0 > Self.pause }) ?? true else {
            unlogged += 1
            return nil
        }
        defer { (lastLogged, unlogged) = (.now, 0) }
        return unlogged
    }
}
