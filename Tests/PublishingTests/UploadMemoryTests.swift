import Synchronization
import Testing

@testable import Publishing

/// Uploads that wait for room in memory.
struct UploadMemoryTests {
    /// Where nobody gives up.
    private static func patient() -> UploadMemory {
        UploadMemory(ceiling: 100, share: 50, patience: .seconds(86_400))
    }

    @Test func `room is given in order, and only as much as there is`() async throws {
        let memory = Self.patient()
        var first: UploadMemory.Room? = try await memory.room(for: 60, of: .file)
        var second: UploadMemory.Room? = try await memory.room(for: 40, of: .file)
        // A task would keep what it returns.
        let third = Task { _ = try await memory.room(for: 70, of: .file) }
        while memory.waiting < 1 { await Task.yield() }
        let fourth = Task { _ = try await memory.room(for: 10, of: .file) }
        while memory.waiting < 2 { await Task.yield() }

        // Enough for the fourth, who stands behind the third.
        second = nil
        #expect(second == nil && memory.waiting == 2 && first != nil)
        first = nil
        #expect(first == nil)

        try await third.value
        try await fourth.value
        #expect(memory.free == 100)
    }

    @Test func `one larger than everything gets everything, or the addresses' share`()
        async throws
    {
        let memory = Self.patient()
        var room: UploadMemory.Room? = try await memory.room(for: 1000, of: .file)
        #expect(room != nil && memory.free == 0)
        room = nil
        room = try await memory.room(for: 1000, of: .address)
        #expect(room != nil && memory.free == 50)
    }

    @Test func `addresses hold half at most, and no file waits for them`() async throws {
        let memory = Self.patient()
        var slow: UploadMemory.Room? = try await memory.room(for: 30, of: .address)
        let second = Task { _ = try await memory.room(for: 30, of: .address) }
        while memory.waiting < 1 { await Task.yield() }
        // Would fit beside the first one, and is not its turn.
        let third = Task { _ = try await memory.room(for: 10, of: .address) }
        while memory.waiting < 2 { await Task.yield() }

        let file = try await memory.room(for: 60, of: .file)
        #expect(memory.waiting == 2 && memory.free == 10)

        withExtendedLifetime(slow) {}
        slow = nil
        try await second.value
        try await third.value
        withExtendedLifetime(file) {}
        #expect(memory.waiting == 0)
    }

    /// Who got room, in order.
    private final class Order: Sendable {
        private let all = Mutex<[String]>([])

        var taken: [String] { all.withLock(\.self) }

        func take(_ bytes: Int, of use: UploadMemory.Use, from memory: UploadMemory) async throws {
            let room = try await memory.room(for: bytes, of: use)
            all.withLock { $0.append("\(use)") }
            withExtendedLifetime(room) {}
        }
    }

    @Test func `files let an address that was first have its turn`() async throws {
        let memory = Self.patient()
        var held: UploadMemory.Room? = try await memory.room(for: 80, of: .file)
        let order = Order()
        let address = Task { try await order.take(50, of: .address, from: memory) }
        while memory.waiting < 1 { await Task.yield() }
        // Both do not fit at once.
        let file = Task { try await order.take(60, of: .file, from: memory) }
        while memory.waiting < 2 { await Task.yield() }

        withExtendedLifetime(held) {}
        held = nil
        try await address.value
        try await file.value
        #expect(order.taken == ["address", "file"])
    }

    @Test func `whoever waits for too long comes back later`() async throws {
        let memory = UploadMemory(ceiling: 100, share: 50, patience: .milliseconds(5))
        let held = try await memory.room(for: 100, of: .file)

        let stop = await #expect(throws: Stop.self) {
            _ = try await memory.room(for: 10, of: .address)
        }

        guard case .noRoom(let wait) = stop else { throw try #require(stop) }
        #expect((.seconds(10)...(.seconds(20))).contains(wait))
        #expect(memory.waiting == 0)
        guard case .waiting(let waiting) = Outcome(.noRoom(wait), verdictBy: nil) else {
            Issue.record("no wait")
            return
        }
        #expect(waiting.reason == .backoff && waiting.delay == wait && waiting.keepsSlot)
        #expect(!waiting.burnsAttempt && waiting.why == nil)
        withExtendedLifetime(held) {}
    }

    @Test func `whoever is cancelled leaves the line and lets others through`() async throws {
        let memory = Self.patient()
        let held = try await memory.room(for: 60, of: .file)
        let large = Task { _ = try await memory.room(for: 50, of: .file) }
        while memory.waiting < 1 { await Task.yield() }
        let small = Task { _ = try await memory.room(for: 40, of: .file) }
        while memory.waiting < 2 { await Task.yield() }

        large.cancel()

        await #expect(throws: Stop.self) { try await large.value }
        try await small.value
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await memory.room(for: 90, of: .file)
        }
        await #expect(throws: Stop.self) { try await late.value }
        #expect(memory.waiting == 0)
        withExtendedLifetime(held) {}
    }
}

extension UploadMemory {
    fileprivate var waiting: Int { standing.waiting }
    fileprivate var free: Int { standing.free }
}
