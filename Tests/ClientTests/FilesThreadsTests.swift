import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import Files

struct FilesThreadsTests {
    /// Blocks whoever passes until it is opened.
    private final class Gate: Sendable {
        private let ends: [CInt]
        private let visitors = BlockingThreads(name: "gate", count: 1)

        init() throws {
            var ends: [CInt] = [0, 0]
            guard pipe(&ends) == 0 else { throw TreeError(call: "pipe", code: errno) }
            self.ends = ends
        }

        deinit {
            for end in ends { close(end) }
        }

        func pass() {
            var byte: UInt8 = 0
            _ = read(ends[0], &byte, 1)
        }

        /// Waits in a task: the threads that run tasks are few and must not block.
        func passed() async throws {
            try await visitors.run { self.pass() }
        }

        func open(times: Int = 1) {
            for _ in 0..<times { _ = write(ends[1], "x", 1) }
        }
    }

    private struct Refused: Error, Equatable {}

    @Test func `what a call returns or throws comes back`() async throws {
        let threads = BlockingThreads(name: "test")

        #expect(try await threads.run { 42 } == 42)
        await #expect(throws: Refused()) { try await threads.run { throw Refused() } }
    }

    @Test func `calls run on threads of the pool, and as many at once as it has`() async throws {
        let threads = BlockingThreads(name: "test-pool", count: 3)
        let arrived = try Gate()
        let gate = try Gate()

        try await withThrowingTaskGroup { group in
            for _ in 0..<9 {
                group.addTask {
                    try await threads.run {
                        arrived.open()
                        gate.pass()
                        return try Self.threadName()
                    }
                }
            }
            // Three stand at the gate together; this would hang if fewer could.
            for _ in 0..<3 { try await arrived.passed() }
            gate.open(times: 9)
            for try await name in group { #expect(name == "test-pool") }
        }
    }

    @Test func `calls run in the order they came in`() async throws {
        let threads = BlockingThreads(name: "test", count: 1)
        let order = Order()
        let gate = try Gate()

        await withThrowingTaskGroup { group in
            group.addTask { try await threads.run { gate.pass() } }
            // Each call is in line before the next task begins.
            for number in 0..<2000 {
                group.addImmediateTask { try await threads.run { order.add(number) } }
            }
            gate.open()
        }

        #expect(order.numbers == Array(0..<2000))
    }

    @Test func `cancelling ends the wait, and a call still in line never runs`() async throws {
        let threads = BlockingThreads(name: "test", count: 1)
        let arrived = try Gate()
        let gate = try Gate()
        let order = Order()
        let stuck = Task {
            try await threads.run {
                arrived.open()
                gate.pass()
                order.add(1)
            }
        }
        try await arrived.passed()
        let waiting = Task.immediate { try await threads.run { order.add(2) } }

        waiting.cancel()
        stuck.cancel()
        // Both return although the only thread is still at the gate.
        await #expect(throws: CancellationError.self) { try await waiting.value }
        await #expect(throws: CancellationError.self) { try await stuck.value }
        #expect(order.numbers == [])

        gate.open()
        try await threads.run { order.add(3) }
        #expect(order.numbers == [1, 3])
    }

    @Test func `the threads end with the pool, after the calls in line`() async throws {
        let name = "t-\(UInt32.random(in: 0...UInt32.max))"
        var threads: BlockingThreads? = BlockingThreads(name: name, count: 2)
        try await threads?.run {}

        threads = nil

        let deadline = ContinuousClock.now + .seconds(20)
        while Self.threadCount(named: name) > 0, ContinuousClock.now < deadline {
            await Task.yield()
        }
        #expect(Self.threadCount(named: name) == 0)
    }

    private final class Order: Sendable {
        private let list = Mutex([Int]())
        var numbers: [Int] { list.withLock { $0 } }
        func add(_ number: Int) { list.withLock { $0.append(number) } }
    }

    private static func threadName() throws -> String {
        let bytes = try WholeFile.read("/proc/thread-self/comm", limit: 64)
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    private static func threadCount(named name: String) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.filter { task in
            let comm = try? WholeFile.read("/proc/self/task/\(task)/comm", limit: 64)
            return comm == Array("\(name)\n".utf8)
        }.count
    }
}
