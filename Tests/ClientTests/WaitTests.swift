import Testing

@testable import EventLoop

@Suite(.timeLimit(.minutes(1)))
struct WaitTests {
    /// Waits as clients do: on its loop, between two looks at its own state.
    private actor Guest {
        let loop: EventLoop
        private(set) var visits = 0
        private(set) var hasAsked = false

        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        init(on loop: EventLoop) {
            self.loop = loop
        }

        /// - Returns: the value, when the task came back on its loop.
        func value(of wait: Wait<Int>) async -> Int? {
            hasAsked = true
            let value = await wait.result()
            visits += 1
            return loop.isOnLoop ? value : nil
        }

        func value(of wait: Wait<Int>, within limit: Duration) async -> Int {
            await wait.result(until: .now + limit, late: -1)
        }

        func end(_ wait: Wait<Int>, with value: Int) { wait.end(value) }
    }

    private let loop = EventLoop(name: "test")

    @Test func `what ends a wait first stays its value`() async {
        let wait = Wait<Int>(on: loop)

        #expect(!wait.isOver)
        wait.end(1)
        wait.end(2)

        #expect(wait.isOver)
        #expect(await wait.result() == 1)
        #expect(await Guest(on: loop).value(of: wait) == 1)
        loop.stop()
    }

    @Test func `no value is lost, whichever thread ends the wait`() async {
        let guest = Guest(on: loop)
        let waits = (0..<2000).map { _ in Wait<Int>(on: loop) }

        let values = await withTaskGroup(of: Int?.self, returning: [Int?].self) { group in
            for (number, wait) in waits.enumerated() {
                group.addTask { await guest.value(of: wait) }
                group.addTask {
                    if number.isMultiple(of: 2) {
                        await guest.end(wait, with: number)
                    } else {
                        wait.end(number)
                    }
                    return number
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        let expected = (0..<2000).flatMap { [$0, $0] }
        #expect(values.compactMap(\.self).sorted() == expected)
        #expect(await guest.visits == 2000)
        loop.stop()
    }

    @Test func `a wait that nobody ends is over at its deadline`() async {
        let guest = Guest(on: loop)
        let (late, early) = (Wait<Int>(on: loop), Wait<Int>(on: loop))

        #expect(await guest.value(of: late, within: .milliseconds(20)) == -1)
        late.end(7)
        #expect(await late.result() == -1)
        early.end(7)
        #expect(await guest.value(of: early, within: .seconds(600)) == 7)
        loop.stop()
    }

    @Test func `a task that is cancelled waits on until the wait is ended`() async {
        let (guest, wait) = (Guest(on: loop), Wait<Int>(on: loop))
        let task = Task { await guest.value(of: wait) }
        // Nobody else gets onto the loop between its asking and its waiting.
        while await !guest.hasAsked { await Task.yield() }
        task.cancel()

        wait.end(3)

        #expect(await task.value == 3)
        loop.stop()
    }
}
