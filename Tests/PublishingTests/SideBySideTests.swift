import Synchronization
import Testing
import TikTok

@testable import Publishing

/// Several steps at once that end as if they had run one after the other.
struct SideBySideTests {
    /// Steps that say how they end only when a test lets them.
    private final class Steps: Sendable {
        typealias End = CheckedContinuation<Failure?, Never>

        private let waiting = Mutex<[Int: End]>([:])
        private let all = Mutex<[Int]>([])

        /// In the order in which they began.
        var begun: [Int] { all.withLock(\.self) }

        func take(_ index: Int) async throws(Stop) {
            let failure = await withTaskCancellationHandler {
                await withCheckedContinuation { end in
                    waiting.withLock { $0[index] = end }
                    all.withLock { $0.append(index) }
                    if Task.isCancelled { self.end(index, .mediaEmpty) }
                }
            } onCancel: {
                self.end(index, .mediaEmpty)
            }
            if let failure { throw .refused(failure) }
        }

        func end(_ index: Int, _ failure: Failure? = nil) {
            waiting.withLock { $0.removeValue(forKey: index) }?.resume(returning: failure)
        }

        func begins(_ index: Int) async {
            while !begun.contains(index) { await Task.yield() }
        }
    }

    private static func failure(_ name: String) -> Failure {
        Failure(name, .upstream, "what", action: "do")
    }

    private func run(
        _ count: Int,
        _ steps: Steps,
        within limit: Duration = .seconds(86_400)
    ) -> Task<String?, Never> {
        Task {
            do throws(Stop) {
                try await SideBySide.run(
                    count,
                    atMost: 3,
                    within: limit,
                    overdue: { .failed(Self.failure("overdue \($0)")) },
                    { index throws(Stop) in try await steps.take(index) }
                )
                return nil
            } catch {
                return error.failureCode ?? "\(error)"
            }
        }
    }

    @Test func `so many run at once, and the next begins when one ends`() async {
        let steps = Steps()
        let all = run(5, steps)
        for index in 0..<3 { await steps.begins(index) }
        #expect(Set(steps.begun) == [0, 1, 2])

        steps.end(1)
        await steps.begins(3)
        #expect(Set(steps.begun) == [0, 1, 2, 3])
        steps.end(3)
        await steps.begins(4)
        for index in [4, 2, 0] { steps.end(index) }

        #expect(await all.value == nil)
    }

    @Test func `the first in order counts, whichever fails first`() async {
        let steps = Steps()
        let all = run(9, steps)
        for index in 0..<3 { await steps.begins(index) }

        steps.end(1, Self.failure("second"))
        // Decides nothing: it comes after the one that has failed.
        steps.end(2, Self.failure("third"))
        steps.end(0, Self.failure("first"))

        #expect(await all.value == "first")
        #expect(Set(steps.begun) == [0, 1, 2])
    }

    @Test func `a later failure never counts for more than an earlier one`() async {
        // Which of two that end at once is heard of first is left to chance.
        for _ in 0..<50 {
            let steps = Steps()
            let all = run(3, steps)
            for index in 0..<3 { await steps.begins(index) }

            steps.end(1, Self.failure("second"))
            for _ in 0..<20 { await Task.yield() }
            steps.end(2, Self.failure("third"))
            for _ in 0..<20 { await Task.yield() }
            steps.end(0)

            #expect(await all.value == "second")
        }
    }

    @Test func `what comes after a failure is not waited for`() async {
        let steps = Steps()
        let all = run(9, steps)
        for index in 0..<3 { await steps.begins(index) }

        steps.end(0)
        await steps.begins(3)
        // The third and the fourth end only because they are given up.
        steps.end(1, Self.failure("second"))

        #expect(await all.value == "second")
        #expect(!steps.begun.contains(4))
    }

    @Test func `time is up for all of them at once`() async {
        let steps = Steps()
        let all = run(2, steps, within: .milliseconds(5))

        #expect(await all.value == "overdue 0")
    }

    @Test func `nothing to do is done`() async {
        #expect(await run(0, Steps()).value == nil)
    }

    @Test func `whoever gives up gets no failure of a step`() async {
        let steps = Steps()
        let all = run(2, steps)
        for index in 0..<2 { await steps.begins(index) }
        all.cancel()

        #expect(await all.value == "lost")
    }
}
