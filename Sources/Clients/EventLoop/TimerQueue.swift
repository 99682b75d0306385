/// Names one scheduled call of an `EventLoop`.
package struct LoopTimer: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// Pending timers, the earliest first: a binary heap in which cancelled entries stay until they
/// come up or outnumber the live ones.
struct TimerQueue {
    private struct Entry {
        let deadline: ContinuousClock.Instant
        let timer: LoopTimer
    }

    private var heap: [Entry] = []
    private var handlers: [LoopTimer: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    /// Live timers.
    var count: Int { handlers.count }

    /// Entries held, cancelled ones included; at most twice `count` and a few.
    var heldEntries: Int { heap.count }

    var nextDeadline: ContinuousClock.Instant? {
        mutating get {
            while let first = heap.first, handlers[first.timer] == nil { removeFirst() }
            return heap.first?.deadline
        }
    }

    mutating func add(
        at deadline: ContinuousClock.Instant,
        _ handler: @escaping () -> Void
    ) -> LoopTimer {
        lastNumber += 1
        let timer = LoopTimer(number: lastNumber)
        handlers[timer] = handler
        heap.append(Entry(deadline: deadline, timer: timer))
        siftUp(heap.count - 1)
        return timer
    }

    mutating func cancel(_ timer: LoopTimer) {
        guard handlers.removeValue(forKey: timer) != nil else { return }
        if heap.count > 64, heap.count > 2 * handlers.count { rebuild() }
    }

    /// The earliest handler whose time has come, removed; one at a time, because it may cancel
    /// others that are due as well.
    mutating func takeDue(now: ContinuousClock.Instant) -> (() -> Void)? {
        while let first = heap.first, first.deadline <= now {
            removeFirst()
            if let handler = handlers.removeValue(forKey: first.timer) { return handler }
        }
        return nil
    }

    private mutating func rebuild() {
        heap = heap.filter { handlers[$0.timer] != nil }.sorted(by: Self.isEarlier)
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown()
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, Self.isEarlier(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && Self.isEarlier(heap[child], heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Equal deadlines keep the order in which they were added.
    private static func isEarlier(_ left: Entry, _ right: Entry) -> Bool {
        (left.deadline, left.timer.number) < (right.deadline, right.timer.number)
    }
}
