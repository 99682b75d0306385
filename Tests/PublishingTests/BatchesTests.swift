import EventLoop
import Synchronization
import Testing

@testable import Publishing

/// Requests that come together are answered together, each with its own answer.
struct BatchesTests {
    private static let loop = EventLoop(name: "batches")

    @Test(.timeLimit(.minutes(1))) func `each request gets its own answer, in batches`() async {
        let sizes = Mutex<[Int]>([])
        let batches = Batches<Int, Int>(on: Self.loop, atMost: 10) { requests in
            sizes.withLock { $0.append(requests.count) }
            await Task.yield()
            return requests.map { $0 * 2 }
        }

        let answers = await withTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<100 {
                group.addTask { (number, await batches.ask(number)) }
            }
            var answers: [Int: Int] = [:]
            for await (number, answer) in group { answers[number] = answer }
            return answers
        }

        #expect(answers.count == 100 && answers.allSatisfy { $0.value == $0.key * 2 })
        #expect(sizes.withLock { $0.reduce(0, +) } == 100)
        #expect(sizes.withLock { $0.allSatisfy { (1...10).contains($0) } })
        #expect(sizes.withLock { $0.count } < 100)
    }

    @Test(.timeLimit(.minutes(1))) func `after a pause it answers again`() async {
        let batches = Batches<Int, Int>(on: Self.loop, atMost: 4) { $0 }

        for number in 0..<5 { #expect(await batches.ask(number) == number) }
    }
}
