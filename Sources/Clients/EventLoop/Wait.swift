internal import Synchronization

/// One task's wait on a loop for a value: whatever ends it first decides what it returns.
///
/// At most one task may ask for the value. A wait that nobody ends keeps its task for ever.
package final class Wait<Value: Sendable>: Sendable {
    private let gate: Gate
    private let value = Mutex<Value?>(nil)

    /// - Parameter loop: where the task comes back.
    package init(on loop: EventLoop) {
        gate = Gate(on: loop)
    }

    package var isOver: Bool { value.withLock { $0 != nil } }

    /// Ends the wait, from any thread; does nothing when it has ended.
    package func end(_ value: Value) {
        let isFirst = self.value.withLock { known in
            guard known == nil else { return false }
            known = value
            return true
        }
        if isFirst { gate.open() }
    }

    /// Waits for as long as it takes: a cancelled task must be let go by whoever ends the wait.
    package func result() async -> Value {
        if let value = value.withLock(\.self) { return value }
        await gate.enter()
        guard let value = value.withLock(\.self) else {
            preconditionFailure("a gate was opened without a value")
        }
        return value
    }

    /// Waits until `deadline` at the latest, which ends the wait with `late`.
    ///
    /// On the loop's thread only.
    package func result(
        until deadline: ContinuousClock.Instant,
        late: Value
    ) async -> Value {
        let timer = gate.loop.schedule(after: ContinuousClock.now.duration(to: deadline)) {
            self.end(late)
        }
        defer { gate.loop.cancel(timer) }
        return await result()
    }
}
