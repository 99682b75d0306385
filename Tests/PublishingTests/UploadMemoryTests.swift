import Testing

@testable import Publishing

/// Uploads that wait for room in memory.
struct UploadMemoryTests {
    @Test func `room is given in order, and only as much as there is`() async throws {
        let memory = UploadMemory(ceiling: 100)
        var first = await memory.room(for: 60)
        var second = await memory.room(for: 40)
        #expect(first != nil && second != nil)
        let third = Task { await memory.room(for: 70) != nil }
        while memory.waiting < 1 { await Task.yield() }
        let fourth = Task { await memory.room(for: 10) != nil }
        while memory.waiting < 2 { await Task.yield() }

        // Enough for the fourth, who stands behind the third.
        second = nil
        #expect(second == nil && memory.waiting == 2)
        first = nil
        #expect(first == nil)

        #expect(await third.value)
        #expect(await fourth.value)
        #expect(memory.free == 100)
    }

    @Test func `one larger than everything gets everything`() async throws {
        let memory = UploadMemory(ceiling: 100)
        let room = await memory.room(for: 1000)
        #expect(room != nil && memory.free == 0)
    }

    @Test func `whoever is cancelled leaves the line and lets others through`() async throws {
        let memory = UploadMemory(ceiling: 100)
        let held = await memory.room(for: 60)
        let large = Task { await memory.room(for: 50) == nil }
        while memory.waiting < 1 { await Task.yield() }
        let small = Task { await memory.room(for: 40) != nil }
        while memory.waiting < 2 { await Task.yield() }

        large.cancel()

        #expect(await large.value)
        #expect(await small.value)
        #expect(held != nil)
        let late = Task { () -> Bool in
            withUnsafeCurrentTask { $0?.cancel() }
            return await memory.room(for: 90) == nil
        }
        #expect(await late.value)
        #expect(memory.waiting == 0)
    }
}

extension UploadMemory {
    fileprivate var waiting: Int { standing.waiting }
    fileprivate var free: Int { standing.free }
}
