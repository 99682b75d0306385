internal import EventLoop

/// One task's wait on the loop: whatever ends it first decides what it returns.
///
/// Belongs to the actor that made it. At most one task may ask for the value.
final class Wait<Value: Sendable> {
    private var value: Value?
    private var continuation: CheckedContinuation<Value, Never>?

    var isOver: Bool { value != nil }

    /// Ends the wait; does nothing when it has ended.
    func end(_ value: Value) {
        guard self.value == nil else { return }
        self.value = value
        continuation?.resume(returning: value)
        continuation = nil
    }

    func result() async -> Value {
        if let value { return value }
        return await withCheckedContinuation { continuation = $0 }
    }

    /// Waits until `deadline` at the latest, which ends the wait with `late`.
    func result(until deadline: ContinuousClock.Instant, late: Value, on loop: EventLoop) async
        -> Value
    {
        let timer = loop.schedule(after: ContinuousClock.now.duration(to: deadline)) {
            self.end(late)
        }
        defer { loop.cancel(timer) }
        return await result()
    }
}
