import Files
import Foundation
import PrivateServers
import Publishing
import Support
import Synchronization

/// What it costs to look at a video of 4 GB whose index is at its end, and is that of an hour.
struct ProbeBench {
    private static let bytesTarget = 1_000_000
    private static let secondsTarget = 0.02
    private static let rounds = 20

    func run() async throws -> Bool {
        let folder = try TemporaryFolder()
        do {
            let isMet = try await measure(in: folder.path)
            try await folder.remove()
            return isMet
        } catch {
            try await folder.remove()
            throw error
        }
    }

    private func measure(in folder: String) async throws -> Bool {
        try Self.make(folder + "/large.mp4")
        let directory = try MediaDirectory(path: folder)
        var times: [Double] = []
        var bytes = 0
        for _ in 0..<Self.rounds {
            let start = ContinuousClock.now
            let source = CountingSource(FileSource(try await directory.open("large.mp4")))
            let facts = try await VideoProbe.facts(of: source)
            times.append(start.duration(to: .now).inSeconds)
            bytes = source.bytes
            guard facts.damage == nil, facts.seconds == 3600 else {
                throw BenchFailure("the video was not understood: \(facts)")
            }
        }
        let seconds = times.median ?? .infinity
        let isMet = bytes < Self.bytesTarget && seconds < Self.secondsTarget
        print("a video of 4 GB, its index at the end, median of \(Self.rounds) rounds:")
        print("  \(bytes) bytes read, \((seconds * 100_000).rounded() / 100) ms")
        print(isMet ? "target met" : "target missed: 1000000 bytes, 20 ms")
        return isMet
    }

    /// 108,000 frames in 36,000 runs of two lengths.
    private static func make(_ path: String) throws {
        var movie = TestMovie()
        movie.runs = (0..<36_000).map { (frames: 3, length: $0 % 2 == 0 ? 999 : 1001) }
        let hole: UInt64 = 4_000_000_000
        try WholeFile.write(movie.fileType + Box.head("mdat", bytes: hole + 16), to: path)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: UInt64(movie.fileType.count) + 16 + hole)
        try file.write(contentsOf: movie.index)
        try file.close()
    }
}

/// Passes reads on and counts their bytes.
private final class CountingSource: ByteSource {
    private let source: FileSource
    private let count = Mutex(0)

    init(_ source: FileSource) {
        self.source = source
    }

    var bytes: Int { count.withLock(\.self) }
    var size: Int64 { source.size }

    func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        self.count.withLock { $0 += count }
        return try await source.read(at: offset, count: count)
    }
}
