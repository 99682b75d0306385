package import EventLoop
internal import FoundationEssentials
internal import JSON
internal import Processes
package import Redis
internal import Synchronization
package import Telemetry

/// Tells Celery's monitors that this worker lives and what becomes of its tasks, on a thread that
/// runs no jobs: a monitor calls a worker offline that keeps silent.
///
/// Nothing waits for it. What cannot be told soon is not told at all.
package actor CeleryEvents {
    private let loop: EventLoop
    private let redis: RedisClient
    private let database: Int
    private let node: CeleryNode
    private let tasks: CeleryTasks
    private let log: Log
    private nonisolated let outbox: Mutex<Outbox>
    private var beats: Task<Void, Never>?
    private var trouble = Outage("celery events")

    private struct Outbox {
        var sendsTasks: Bool
        var events: [Event] = []
        var isFlushing = false
    }

    private struct Event: Sendable {
        let type: String
        let fields: [String: JSONValue]
    }

    /// How often it says that it lives, as Celery's own workers do.
    private static let pause = Duration.seconds(2)
    /// What it announces instead: a monitor misses a worker after twice this time, which is six
    /// signs of life.
    private static let announcedPause = 6.0
    /// Most events that wait for Redis.
    private static let waitingMax = 2000
    /// Most events of one write.
    private static let batchMax = 200

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - loop: not the loop that jobs use.
    ///   - redis: on that loop.
    ///   - database: the number of its database, which is a part of every channel's name.
    ///   - sendsTasks: whether events of tasks are sent until somebody says otherwise.
    package init(
        on loop: EventLoop,
        redis: RedisClient,
        database: Int,
        node: CeleryNode,
        tasks: CeleryTasks,
        sendsTasks: Bool,
        log: Log
    ) {
        self.loop = loop
        self.redis = redis
        self.database = database
        self.node = node
        self.tasks = tasks
        self.log = log
        outbox = Mutex(Outbox(sendsTasks: sendsTasks))
    }

    // MARK: The worker

    /// Says that the worker is there, and goes on saying so until `stop`.
    package func start() {
        guard beats == nil else { return }
        post("worker-online", worker)
        beats = Task {
            while !Task.isCancelled {
                beat()
                // Ends early only when cancelled.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Says that the worker goes, after everything it had to tell of its tasks.
    package func stop() async {
        beats?.cancel()
        post("worker-offline", worker)
        // A drain has better things to wait for.
        let deadline = ContinuousClock.now + .seconds(1)
        while outbox.withLock({ $0.isFlushing }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))  // ends early only when cancelled
        }
    }

    /// Says that the worker lives; while Redis is away the signs of life do not pile up.
    func beat() {
        guard !trouble.isOn || outbox.withLock({ $0.events.isEmpty }) else { return }
        post("worker-heartbeat", worker)
    }

    private var worker: [String: JSONValue] {
        let counts = tasks.counts
        return [
            "freq": .double(Self.announcedPause), "active": .integer(Int64(counts.active)),
            "processed": .integer(Int64(counts.received)),
            "loadavg": .array(Usage.loadAverages.map { .double(($0 * 100).rounded() / 100) }),
            "sw_ident": "tiktok-publisher", "sw_ver": "1", "sw_sys": "Linux",
        ]
    }

    // MARK: Tasks

    /// Whether events of tasks are sent.
    nonisolated var sendsTasks: Bool { outbox.withLock { $0.sendsTasks } }

    /// - Returns: whether that is a change.
    nonisolated func sendTasks(_ isOn: Bool) -> Bool {
        outbox.withLock { outbox in
            defer { outbox.sendsTasks = isOn }
            return outbox.sendsTasks != isOn
        }
    }

    /// Sends an event of a task, if anybody asked for them.
    nonisolated func task(_ type: String, _ id: String, _ fields: [String: JSONValue] = [:]) {
        guard sendsTasks else { return }
        post("task-" + type, fields.merging(["uuid": .string(id)]) { $1 })
    }

    // MARK: Sending

    /// - Parameter fields: without those that every event has.
    private nonisolated func post(_ type: String, _ fields: [String: JSONValue]) {
        // No offset from UTC: monitors add the difference of theirs to times that are absolute
        // already (celery 5.7.0, events/receiver.py, 2026-11-22).
        let always: [String: JSONValue] = [
            "type": .string(type), "hostname": .string(node.name),
            "pid": .integer(Int64(node.process)), "clock": .integer(node.tick()),
            "timestamp": .double(Date.now.timeIntervalSince1970),
        ]
        let event = Event(type: type, fields: fields.merging(always) { $1 })
        let mustStart = outbox.withLock { outbox in
            guard outbox.events.count < Self.waitingMax else { return false }
            outbox.events.append(event)
            defer { outbox.isFlushing = true }
            return !outbox.isFlushing
        }
        if mustStart { Task { await flush() } }
    }

    private func flush() async {
        while let batch = next() {
            do {
                try await redis.sendAll(batch.map(command))
                note(nil)
            } catch {
                // Told late, they would still be true; but not so important as to be kept for ever.
                note(error)
            }
        }
    }

    private func next() -> [Event]? {
        outbox.withLock { outbox in
            let batch = Array(outbox.events.prefix(Self.batchMax))
            outbox.events.removeFirst(batch.count)
            outbox.isFlushing = !batch.isEmpty
            return batch.isEmpty ? nil : batch
        }
    }

    private func command(_ event: Event) -> [RedisArgument] {
        let key = event.type.replacing("-", with: ".")
        let message = CeleryEnvelope.message(
            .object(event.fields),
            headers: ["hostname": .string(node.name)],
            exchange: CeleryKeys.eventExchange,
            routingKey: key,
            isDurable: false
        )
        let channel = CeleryKeys.eventChannel(key, database: database)
        return ["PUBLISH", .text(channel), .bytes(message)]
    }

    /// An outage is told by whoever claims; a refusal is a person's to mend.
    private func note(_ error: RedisError?) {
        switch trouble.note(error?.description) {
        case .began(let reason) where error?.isUnavailable == false:
            log.warning(
                "celery.events.refused",
                ["reason": .string(reason), "remedy": .string(CeleryKeys.permissionsRemedy)]
            )
        case .began(let reason): log.debug("celery.events.lost", ["reason": .string(reason)])
        case .ended: log.debug("celery.events.sent")
        case nil: break
        }
    }
}
