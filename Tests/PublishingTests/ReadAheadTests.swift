import Synchronization
import Testing

@testable import Publishing

/// Reading ahead of whoever sends, within two pieces.
struct ReadAheadTests {
    @Test func `a gigabyte passes through two pieces`() async throws {
        let source = CountingSource(size: 1 << 30)
        let ahead = ReadAhead(source)
        let step = 512 * 1024
        var offset: Int64 = 0

        while offset < ahead.size {
            let bytes = try await ahead.read(at: offset, count: step)
            try #require(bytes.count == step && bytes[0] == CountingSource.byte(at: offset))
            offset += Int64(step)
            // The piece being read and the next one; never a third.
            try #require(source.end <= (offset - 1) / (4 << 20) * (4 << 20) + 2 * (4 << 20))
        }

        #expect(source.reads == 256)
    }

    @Test func `the next piece comes in while one is used`() async throws {
        let source = CountingSource(size: 100)
        let ahead = ReadAhead(source, pieceBytes: 10)

        _ = try await ahead.read(at: 0, count: 1)
        while source.end < 20 { await Task.yield() }

        #expect(source.reads == 2)
    }

    @Test func `pieces are joined, and read again after a step back`() async throws {
        let ahead = ReadAhead(CountingSource(size: 95), pieceBytes: 10)

        for range: Range<Int64> in [0..<95, 5..<25, 90..<95, 0..<1, 9..<11] {
            let bytes = try await ahead.read(at: range.lowerBound, count: range.count)
            #expect(bytes == range.map(CountingSource.byte))
        }
        #expect(try await ahead.read(at: 90, count: 20).count == 5)
        #expect(try await ahead.read(at: 95, count: 1) == [])
    }

    @Test func `a piece that is passed is let go`() async throws {
        let source = CountingSource(size: 100)
        let ahead = ReadAhead(source, pieceBytes: 10)

        for offset: Int64 in [90, 0, 90] {
            _ = try await ahead.read(at: offset, count: 10)
        }

        #expect(source.asked.filter { $0 == 90 }.count == 2)
    }

    @Test func `a failure ends one read, and the next one asks again`() async throws {
        let source = CountingSource(size: 100, failing: 1)
        let ahead = ReadAhead(source, pieceBytes: 10)

        await #expect(throws: Stop.self) { try await ahead.read(at: 0, count: 5) }

        #expect(try await ahead.read(at: 0, count: 5).count == 5)
    }

    @Test func `a reader that was cancelled does not stop the next one`() async throws {
        let source = CountingSource(size: 100, hanging: 1)
        let ahead = ReadAhead(source, pieceBytes: 10)
        let first = Task { try await ahead.read(at: 0, count: 5) }
        while source.reads < 1 { await Task.yield() }

        first.cancel()
        let bytes = try await ahead.read(at: 0, count: 5)

        #expect(bytes == (0..<5).map(CountingSource.byte))
        await #expect(throws: Stop.self) { try await first.value }
    }
}

/// A source that is made up, and counts what is asked of it.
private final class CountingSource: ByteSource {
    let size: Int64
    private let failing: Int
    private let hanging: Int
    private let counts = Mutex((reads: 0, end: Int64(0)))
    private let offsets = Mutex<[Int64]>([])

    init(size: Int64, failing: Int = 0, hanging: Int = 0) {
        self.size = size
        self.failing = failing
        self.hanging = hanging
    }

    var reads: Int { counts.withLock(\.reads) }
    /// The last place that was asked for.
    var end: Int64 { counts.withLock(\.end) }

    /// Where each read began.
    var asked: [Int64] { offsets.withLock { $0 } }

    static func byte(at place: Int64) -> UInt8 { UInt8(truncatingIfNeeded: place >> 10 ^ place) }

    func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        offsets.withLock { $0.append(offset) }
        let number = counts.withLock { counts in
            counts = (counts.reads + 1, max(counts.end, offset + Int64(count)))
            return counts.reads
        }
        if number <= failing { throw .failed(.mediaHostAway("a test says so")) }
        if number <= hanging {
            // Ends with the cancellation of the read.
            while !Task.isCancelled { await Task.yield() }
            throw .lost
        }
        guard count > 10_000 else {
            return (offset..<offset + Int64(count)).map(Self.byte)
        }
        // Whole pieces are costly to make up; their first bytes are enough to tell them apart.
        var bytes = [UInt8](repeating: 0, count: count)
        for place in stride(from: 0, to: count, by: 512 * 1024) {
            bytes[place] = Self.byte(at: offset + Int64(place))
        }
        return bytes
    }
}
