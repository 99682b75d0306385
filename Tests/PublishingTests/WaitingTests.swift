import Synchronization
import Testing

@testable import Publishing

/// Parts that wait, wake and notice.
struct WaitingTests {
    // MARK: Outages

    @Test func `an outage begins once and ends once`() {
        var outage = Outage("redis")
        let start = ContinuousClock.now

        #expect(outage.note(nil, at: start) == nil && !outage.isOn)
        #expect(outage.note("refused", at: start) == .began("refused") && outage.isOn)
        #expect(outage.note("timed out", at: start + .seconds(1)) == nil && outage.isOn)
        #expect(outage.note(nil, at: start + .seconds(20)) == .ended(after: .seconds(20)))
        #expect(outage.note(nil, at: start + .seconds(21)) == nil && !outage.isOn)
        #expect(outage.note("again", at: start + .seconds(30)) == .began("again"))
    }

    // MARK: The verdict

    @Test func `questions grow rarer and never more frequent`() {
        let delays = (-1...500).map(VerdictPolling.delay)

        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(delays.allSatisfy { (.seconds(1) ... .seconds(300)).contains($0) })
    }

    @Test func `three posts of one account stay within thirty questions a minute`() {
        var times: [Duration] = []
        var time = Duration.zero
        for polls in 0..<200 {
            time += VerdictPolling.delay(afterPolls: polls)
            times.append(time)
        }

        for start in times {
            let count = times.count { ($0 - start) >= .zero && ($0 - start) < .seconds(60) }
            #expect(count * 3 <= 30, "\(count) from \(start)")
        }
    }

    @Test func `a post is asked about within two seconds, and for at least a day`() {
        #expect(VerdictPolling.delay(afterPolls: 0) <= .seconds(2))
        let day = (0..<1000).map(VerdictPolling.delay).reduce(.zero, +)
        #expect(day > .seconds(86_400))
    }

    @Test func `an id that is held back is asked for a few times, ever more rarely`() {
        for (isHooked, count, first) in [(false, 7, 60), (true, 3, 1800)] {
            let delays = (0..<count).compactMap {
                Reconciliation.idDelay(afterQuestions: $0, isHooked: isHooked)
            }

            #expect(delays.count == count && delays.first == .seconds(first))
            #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 < $1 })
            #expect(delays.reduce(.zero, +) > .seconds(86_400))
            #expect(Reconciliation.idDelay(afterQuestions: count, isHooked: isHooked) == nil)
        }
    }

    @Test func `with webhooks questions are rare, and an outcome waits no longer than it took`() {
        let delays = (-1...500).map(VerdictPolling.rareDelay)
        var time = Duration.zero

        for (polls, delay) in delays.dropFirst().enumerated() {
            #expect(delay <= max(.seconds(15), time) + .seconds(15), "after \(polls)")
            #expect(delay >= VerdictPolling.delay(afterPolls: polls))
            time += delay
        }
        #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(delays.last == .seconds(900))
    }

    // MARK: Pokes

    @Test(.timeLimit(.minutes(1))) func `a poke ends the wait`() async {
        let pokes = Pokes()
        let waiter = Task { await pokes.wait(atMost: .seconds(3600)) }

        pokes.poke()

        await waiter.value
    }

    @Test(.timeLimit(.minutes(1))) func `a poke before the wait is kept`() async {
        let pokes = Pokes()

        pokes.poke()

        await pokes.wait(atMost: .seconds(3600))
    }

    @Test(.timeLimit(.minutes(1))) func `nobody pokes and the wait ends all the same`() async {
        await Pokes().wait(atMost: .milliseconds(1))
    }

    @Test(.timeLimit(.minutes(1))) func `no wake-up is lost, however pokes and waits meet`() async {
        let pokes = Pokes()
        let produced = Atomic(0)
        let rounds = 2000
        let producer = Task.detached {
            for _ in 0..<rounds {
                produced.add(1, ordering: .sequentiallyConsistent)
                pokes.poke()
                await Task.yield()
            }
        }

        // Each wait would last an hour if the poke that announces new work were lost.
        while produced.load(ordering: .sequentiallyConsistent) < rounds {
            await pokes.wait(atMost: .seconds(3600))
        }

        await producer.value
    }

    // MARK: Task slots

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `a task is cancelled whether the order comes before it or after`(
        _ isEarly: Bool
    ) async {
        let slot = TaskSlot()
        if isEarly { slot.cancel() }
        let task: Task<Void, Never> = Task {
            // Ends early only when cancelled.
            try? await Task.sleep(for: .seconds(3600))
        }

        slot.fill(task)
        if !isEarly { slot.cancel() }

        await task.value
        #expect(task.isCancelled)
    }

    @Test func `a slot that nobody cancels leaves its task alone`() async {
        let slot = TaskSlot()
        let task = Task {}

        slot.fill(task)

        await task.value
        #expect(!task.isCancelled)
    }
}
