internal import Synchronization

/// Wakes one waiting loop; a poke that comes while nobody waits is kept, and several count as one.
final class Pokes: Sendable {
    private enum State {
        case idle
        case poked
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    func poke() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .waiting(let continuation) = state else {
                state = .poked
                return nil
            }
            state = .idle
            return continuation
        }
        waiter?.resume()
    }

    /// Returns at the next poke or after `limit`, whichever comes first.
    func wait(atMost limit: Duration) async {
        let alarm = Task {
            try await Task.sleep(for: limit)
            poke()
        }
        await withCheckedContinuation { continuation in
            let isPoked = state.withLock { state -> Bool in
                if case .poked = state {
                    state = .idle
                    return true
                }
                state = .waiting(continuation)
                return false
            }
            if isPoked { continuation.resume() }
        }
        alarm.cancel()
    }
}

/// Holds a task that is made after the closure that cancels it.
final class TaskSlot: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func fill(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}
