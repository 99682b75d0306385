import Testing

@testable import EventLoop

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTimerTests {
    @Test func `timers fire in the order of their deadlines`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        await guest.run { guest in
            for milliseconds in [30, 10, 20, 0, 10] {
                guest.loop.schedule(after: .milliseconds(milliseconds)) {
                    guest.assumeIsolated { $0.note("\(milliseconds)") }
                }
            }
        }

        #expect(await guest.lines(5) == ["0", "10", "10", "20", "30"])
        loop.stop()
    }

    @Test func `a timer cancelled by another of the same moment does not fire`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        await guest.run { guest in
            var second: LoopTimer?
            guest.loop.schedule(after: .milliseconds(1)) {
                if let second { guest.loop.cancel(second) }
                guest.assumeIsolated { $0.note("first") }
            }
            second = guest.loop.schedule(after: .milliseconds(1)) {
                guest.assumeIsolated { $0.note("second") }
            }
            guest.loop.schedule(after: .milliseconds(1)) {
                guest.assumeIsolated { $0.note("third") }
            }
        }

        #expect(await guest.lines(2) == ["first", "third"])
        loop.stop()
    }

    @Test func `a timer that sets itself again leaves room for jobs`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        await guest.run { guest in
            @Sendable func again() {
                guest.loop.schedule(after: .zero) {
                    if guest.assumeIsolated({ $0.log.isEmpty }) { again() }
                }
            }
            again()
        }

        await guest.note("job")
        #expect(await guest.log == ["job"])
        loop.stop()
    }

    @Test func `a timer beyond every clock's range waits for ever`() async {
        let loop = EventLoop(name: "test")
        let guest = LoopGuest(on: loop)
        await guest.run { guest in
            guest.loop.schedule(after: .seconds(Int64.max / 4)) {
                guest.assumeIsolated { $0.note("never") }
            }
            guest.loop.schedule(after: .milliseconds(1)) {
                guest.assumeIsolated { $0.note("soon") }
            }
        }

        #expect(await guest.lines(1) == ["soon"])
        loop.stop()
    }

    @Test func `taking out gives the order of deadlines, and of adding where they are equal`() {
        var queue = TimerQueue()
        let start = ContinuousClock.now
        var order: [Int] = []
        let deadlines = (0..<500).map { _ in Int.random(in: 0..<50) }
        for (index, deadline) in deadlines.enumerated() {
            _ = queue.add(at: start + .seconds(deadline)) { order.append(deadline * 1000 + index) }
        }

        while let handler = queue.takeDue(now: start + .seconds(50)) { handler() }

        #expect(order.count == 500 && order == order.sorted())
        #expect(queue.count == 0 && queue.heldEntries == 0)
    }

    @Test func `cancelled timers do not pile up`() {
        var queue = TimerQueue()
        let start = ContinuousClock.now
        var live: [LoopTimer] = []
        for round in 0..<10_000 {
            let timer = queue.add(at: start + .seconds(10_000 - round)) {}
            if round % 100 == 0 { live.append(timer) } else { queue.cancel(timer) }
            #expect(queue.heldEntries <= max(65, 2 * queue.count + 1))
        }

        #expect(queue.count == live.count)
        for timer in live { queue.cancel(timer) }
        queue.cancel(live[0])
        #expect(queue.nextDeadline == nil)
        #expect(queue.heldEntries == 0)
    }

    @Test func `after a compaction the order still holds`() {
        var queue = TimerQueue()
        let start = ContinuousClock.now
        var order: [Int] = []
        let timers = (0..<300).map { number in
            queue.add(at: start + .seconds((number * 7919) % 300)) {
                order.append((number * 7919) % 300)
            }
        }
        for timer in timers.prefix(200) { queue.cancel(timer) }

        #expect(queue.takeDue(now: start - .seconds(1)) == nil)
        while let handler = queue.takeDue(now: start + .seconds(300)) { handler() }
        #expect(order.count == 100 && order == order.sorted())
    }
}
