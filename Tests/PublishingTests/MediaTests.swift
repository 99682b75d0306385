import Files
import Foundation
import Support
import Testing
import TikTok

@testable import Publishing

/// Opening a job's video: probed and refused before anything is asked of TikTok.
struct MediaTests {
    /// Opens a file of these bytes.
    private func open(
        _ bytes: [UInt8],
        begun: ((FileIdentity) -> Ledger.SourceIdentity)? = nil
    ) async throws -> Video {
        var result: Result<Video, any Error>?
        try await Scratch.with { folder in
            try WholeFile.write(bytes, to: folder + "/a.mp4")
            let root = try MediaDirectory(path: folder)
            let identity = try await root.open("a.mp4").identity
            do {
                let video = try await Media(root: root, remote: .unused).open(
                    .path("a.mp4"),
                    begun: begun.map { $0(identity) }
                )
                result = .success(video)
            } catch {
                result = .failure(error)
            }
        }
        return try #require(result).get()
    }

    private func refusal(
        _ bytes: [UInt8],
        begun: ((FileIdentity) -> Ledger.SourceIdentity)? = nil
    ) async -> Failure? {
        let stop = await #expect(throws: Stop.self) { try await open(bytes, begun: begun) }
        guard case .refused(let failure) = stop else { return nil }
        return failure
    }

    @Test func `a good video is opened with what is known of it`() async throws {
        let bytes = TestMovie().file()
        let video = try await open(bytes)

        #expect(video.name == "a.mp4" && video.seconds == 10 && video.container == .mp4)
        #expect(video.bytes == Int64(bytes.count))
    }

    @Test func `a video that TikTok would refuse is refused by name`() async throws {
        var movie = TestMovie()
        movie.runs = [(10, 3000)]
        let failure = await refusal(movie.file())

        #expect(failure?.code == "media_frame_rate")
        #expect(failure?.message.hasPrefix("a.mp4: The video has 10 frames a second") == true)
    }

    @Test func `an empty file and one that is no video are refused`() async throws {
        #expect(await refusal([])?.code == "media_empty")
        #expect(await refusal(Array("once upon a time".utf8))?.code == "media_type_unknown")
    }

    @Test func `an upload goes on only with the file it began with`() async throws {
        let bytes = TestMovie().file()
        let same = try await open(bytes) { Ledger.SourceIdentity($0) }
        let other = await refusal(Array(bytes.dropLast())) { identity in
            Ledger.SourceIdentity(
                FileIdentity(
                    size: identity.size + 1,
                    modified: identity.modified,
                    device: identity.device,
                    inode: identity.inode
                )
            )
        }

        #expect(same.seconds == 10)
        #expect(other?.code == "media_changed")
    }

    @Test func `a video longer than its account may post is refused by name`() async throws {
        let video = try await open(TestMovie().file())

        #expect(throws: Never.self) {
            try video.checkLength(most: 10)
            try video.checkLength(most: nil)
        }
        let stop = #expect(throws: Stop.self) { try video.checkLength(most: 9) }
        guard case .refused(let failure) = stop else {
            Issue.record("\(String(describing: stop))")
            return
        }
        #expect(failure.code == "media_too_long")
        #expect(
            failure.message
                == "a.mp4: The video is 10 seconds long; TikTok takes at most 9 for this post."
        )
    }
}
