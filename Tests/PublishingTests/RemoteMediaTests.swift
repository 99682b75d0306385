import HTTP
import Synchronization
import Testing
import TikTok

@testable import Publishing

/// Videos behind addresses, as a job's upload sees them.
struct RemoteMediaTests {
    private func failure(
        _ reference: MediaReference,
        of media: Media,
        begun: Ledger.SourceIdentity? = nil
    ) async -> Failure? {
        do throws(Stop) {
            _ = try await media.open(reference, begun: begun)
            return nil
        } catch {
            switch error {
            case .refused(let failure), .failed(let failure): return failure
            default: return nil
            }
        }
    }

    @Test func `a video behind an address is probed, pinned and read in order`() async throws {
        let movie = try Samples.bytes("tail-moov.mp4")
        try await RangeServer.run({ $0.reply(of: movie) }) { server in
            let media = Media(root: nil, remote: server.client, allowed: server.allowed)
            let reference = MediaReference(server.origin + "/a.mp4?X-Signature=secret")
            let video = try await media.open(reference)

            #expect(video.bytes == Int64(movie.count) && video.container == .mp4)
            #expect(!video.name.contains("secret"))
            #expect(try await video.source.read(at: 0, count: movie.count) == movie)
            let again = try await media.open(reference, begun: video.identity)
            #expect(again.identity == video.identity)
        }
    }

    @Test func `an upload does not go on with another file behind the same address`() async throws {
        let movie = try Samples.bytes("tail-moov.mp4")
        let tag = Mutex("\"one\"")
        try await RangeServer.run({ question in
            var reply = question.reply(of: movie)
            reply.headers = [
                "Content-Range": reply.headers["Content-Range"] ?? "",
                "ETag": tag.withLock(\.self),
            ]
            return reply
        }) { server in
            let media = Media(root: nil, remote: server.client, allowed: server.allowed)
            let reference = MediaReference(server.origin + "/a.mp4")
            let begun = try await media.open(reference).identity
            tag.withLock { $0 = "\"two\"" }

            #expect(await failure(reference, of: media, begun: begun)?.code == "media_changed")
        }
    }

    @Test func `what is no video, and what leads astray, is refused`() async throws {
        let picture = try Samples.bytes("picture.png")
        try await RangeServer.run({ $0.reply(of: picture) }) { server in
            let media = Media(root: nil, remote: server.client, allowed: server.allowed)
            let open = Media(root: nil, remote: server.client)

            let wrong = await failure(MediaReference(server.origin + "/a.mp4"), of: media)
            let astray = await failure(MediaReference(server.origin + "/a.mp4"), of: open)

            #expect(wrong?.code == "media_type_unknown")
            #expect(astray?.code == "media_url_refused")
            #expect(astray?.message.contains("a loopback address") == true)
        }
    }
}
