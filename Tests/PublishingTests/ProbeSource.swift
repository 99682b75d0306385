import Foundation
import Synchronization

@testable import Publishing

/// Bytes in memory, with a hole of zeros where a test wants the file to be large; counts what is
/// read of it.
final class ProbeSource: ByteSource {
    let size: Int64
    private let front: [UInt8]
    private let back: [UInt8]
    private let counts = Mutex((reads: 0, bytes: 0))

    /// - Parameter hole: zeros between `front` and `back`.
    init(_ front: [UInt8], hole: Int64 = 0, _ back: [UInt8] = []) {
        self.front = front
        self.back = back
        size = Int64(front.count) + hole + Int64(back.count)
    }

    var reads: Int { counts.withLock(\.reads) }
    var bytesRead: Int { counts.withLock(\.bytes) }

    func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        precondition(offset >= 0 && count > 0 && offset + Int64(count) <= size, "beyond the source")
        counts.withLock { $0 = ($0.reads + 1, $0.bytes + count) }
        let end = offset + Int64(count)
        if end <= front.count { return Array(front[Int(offset)..<Int(end)]) }
        let backStart = size - Int64(back.count)
        return (offset..<offset + Int64(count)).map { place in
            if place < front.count { return front[Int(place)] }
            return place < backStart ? 0 : back[Int(place - backStart)]
        }
    }

    var isWithinBounds: Bool {
        reads <= ProbeReader.readsMax && bytesRead <= ProbeReader.bytesMax
    }
}

/// A source that cannot be read, or that became shorter.
struct BrokenSource: ByteSource {
    let size: Int64 = 1000
    let stop: Stop?

    func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        if let stop { throw stop }
        return []
    }
}

/// The files of real encoders in `Samples/`.
enum Samples {
    static let names: [String] = {
        // An empty list would show as a failure of the test that counts them.
        let all = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (all ?? []).filter { !$0.hasSuffix(".md") }.sorted()
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    private static let folder = Bundle.module.bundleURL.appending(path: "Samples")
}
