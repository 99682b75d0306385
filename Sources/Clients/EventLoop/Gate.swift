internal import Synchronization

/// A closed door on a loop: the one task that enters waits until somebody opens.
///
/// The task comes back on the thread of its loop. A continuation of the standard library would
/// bring it there by way of the global pool, which costs two changes of threads for each answer of
/// a server (Swift 6.3, measured on 2026-11-23). So this is an actor on an executor of its own,
/// which keeps the visitor's job until the door opens.
actor Gate: SerialExecutor {
    private struct State {
        var isOpen = false
        /// Who has come while the door was closed.
        var visitor: UnownedJob?
    }

    nonisolated let loop: EventLoop
    private nonisolated let state = Mutex(State())

    init(on loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Lets the visitor in, now or when it comes; from any thread.
    nonisolated func open() {
        let visitor = state.withLock { state in
            state.isOpen = true
            defer { state.visitor = nil }
            return state.visitor
        }
        if let visitor { loop.enqueue(visitor, of: unownedExecutor) }
    }

    /// Returns once the door is open.
    func enter() {
        // Also keeps the compiler from leaving out a visit in which nothing happens.
        precondition(state.withLock(\.isOpen), "a gate was entered while it was closed")
    }

    nonisolated func enqueue(_ job: consuming ExecutorJob) {
        let visitor = UnownedJob(job)
        let isOpen = state.withLock { state in
            precondition(state.visitor == nil, "two tasks wait at one gate")
            if !state.isOpen { state.visitor = visitor }
            return state.isOpen
        }
        if isOpen { loop.enqueue(visitor, of: unownedExecutor) }
    }
}
