import Crypto
import Files
import Foundation
import JSON
import Testing
import TikTok

@testable import Publishing

/// A video on its way: its hash while it is sent, and what TikTok is told.
struct VideoTests {
    // MARK: Hashing on the way

    /// Reads as (offset, count); whatever their order, the hash is the file's.
    @Test(
        arguments: [
            [], [(0, 1000)], [(0, 400), (400, 600)], [(400, 600), (0, 400)],
            [(0, 400), (0, 400), (400, 600)], [(0, 400), (200, 500), (600, 400)], [(900, 100)],
            [(0, 1000), (0, 1000)], [(0, 1), (1, 1), (5, 5), (2, 3)], [(0, 0), (0, 10)],
        ] as [[(Int64, Int)]]
    )
    func `the hash is the whole file's, in whatever order it was sent`(
        _ reads: [(Int64, Int)]
    ) async throws {
        try await Scratch.with { folder in
            let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) }
            try WholeFile.write(bytes, to: folder + "/a.mp4")
            let file = try await MediaDirectory(path: folder).open("a.mp4")
            let source = HashingSource(file)

            for (offset, count) in reads {
                let piece = try await source.read(at: offset, count: count)
                #expect(piece == Array(bytes[Int(offset)..<Int(offset) + count]))
            }

            #expect(try await source.sha256() == SHA256.hex(bytes))
        }
    }

    @Test func `a file of several pieces that nobody read is hashed all the same`() async throws {
        try await Scratch.with { folder in
            let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try WholeFile.write(bytes, to: folder + "/a.mp4")
            let file = try await MediaDirectory(path: folder).open("a.mp4")
            let source = HashingSource(file)

            _ = try await source.read(at: 300_000, count: 200_000)
            _ = try await source.read(at: 0, count: 100_001)

            #expect(try await source.sha256() == SHA256.hex(bytes))
        }
    }

    @Test func `a file that became shorter is an error, not a short piece`() async throws {
        try await Scratch.with { folder in
            let path = folder + "/a.mp4"
            try WholeFile.write([UInt8](repeating: 1, count: 1000), to: path)
            let file = try await MediaDirectory(path: folder).open("a.mp4")
            let source = HashingSource(file)
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.truncate(atOffset: 500)
            try handle.close()

            await #expect(throws: Stop.self) {
                try await source.read(at: 400, count: 200)
            }
            await #expect(throws: Stop.self) { try await source.sha256() }
        }
    }

    // MARK: What TikTok is told

    @Test func `a direct post says what the job says`() throws {
        let job = try Document.read([
            "id": "a", "account": "b", "video": "v.mp4", "privacy": "public", "title": "Hallo",
            "disable_comment": true, "disable_stitch": true, "brand_organic_toggle": true,
            "is_aigc": true, "video_cover_timestamp_ms": 700,
        ])

        let post = try #require(VideoPost(job, nil))

        #expect(post.privacy == .publicToEveryone && post.title == "Hallo")
        #expect(post.disableComment && !post.disableDuet && post.disableStitch)
        #expect(!post.brandContent && post.brandOrganic && post.isAIGenerated)
        #expect(post.coverMilliseconds == 700)
    }

    @Test func `a draft says nothing`() throws {
        #expect(try VideoPost(Document.read(Document.with(["mode": "draft"])), nil) == nil)
    }
}

/// A folder for one test.
enum Scratch {
    static func with(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "publishing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }
}
