internal import Synchronization
internal import Telemetry

/// Single queues that a person keeps a worker from, or lets it take from again.
extension Worker {
    /// Starts or stops claiming from a queue; what is in hand goes on.
    ///
    /// - Returns: `false` when the worker was not started for that queue.
    package nonisolated func consume(_ queue: String, _ isOn: Bool) -> Bool {
        guard options.queues.contains(where: { $0.name == queue }) else { return false }
        let isChange = leftAlone.withLock { leftAlone in
            isOn ? leftAlone.remove(queue) != nil : leftAlone.insert(queue).inserted
        }
        guard isChange else { return true }
        parts.log.info("worker.consume", ["queue": .string(queue), "is_on": .bool(isOn)])
        for (place, door) in doors where place.queue == queue { door.close() }
        pokes.poke()
        return true
    }

    /// The queues that it claims from.
    package nonisolated var consumedQueues: [String] {
        let leftAlone = leftAlone.withLock(\.self)
        return options.queues.map(\.name).filter { !leftAlone.contains($0) }
    }
}
