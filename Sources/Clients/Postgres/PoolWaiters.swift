internal import EventLoop

/// Callers that wait for a connection, first come first served; each is answered exactly once.
struct PoolWaiters {
    typealias Answer = Result<PostgresConnection, PostgresError>

    struct Waiter {
        let number: UInt64
        let answer: Wait<Answer>
        let timer: LoopTimer
    }

    private var waiters: [Waiter] = []

    var count: Int { waiters.count }

    mutating func add(_ waiter: Waiter) {
        waiters.append(waiter)
    }

    /// The one that has waited longest.
    mutating func takeFirst() -> Waiter? {
        waiters.isEmpty ? nil : waiters.removeFirst()
    }

    mutating func take(_ number: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return nil }
        return waiters.remove(at: index)
    }

    mutating func takeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }
}
