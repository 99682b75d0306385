import EventLoop
import Foundation
import JSON
import PrivateServers
import Publishing
import Sandbox
import Support
import Testing

/// Whole jobs whose video is behind an address and streams through the worker.
@Suite(.timeLimit(.minutes(10)))
struct RemotePostsTests {
    private static let chunk = 5_242_880
    private static let settings = [
        "CHUNK_BYTES": "\(chunk)", "LEASE_SECONDS": "3", "MEDIA_HOSTS": "127.0.0.1",
    ]

    /// A bed, a folder that a host serves, and a video of three chunks in it.
    private func run(
        _ body: (TestBed, MediaHost, TestVideo, _ folder: String) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder("remote-media")
        let video = try TestVideo("loaf.mp4", bytes: 3 * Self.chunk + 99_999, in: folder.path)
        let loop = EventLoop(name: "remote-media")
        defer { loop.stop() }
        let host = try await MediaHost.start(serving: folder.path, on: loop)
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            try await body(bed, host, video, folder.path)
        }
        await host.stop()
    }

    @Test func `a video behind an address is posted byte for byte`() async throws {
        try await run { bed, host, video, _ in
            let worker = try bed.startWorker()
            let address = host.url + video.name + "?X-Signature=never-shown"
            try await bed.push(bed.job("far", account: "mira", video: address))
            let draft: [String: JSONValue] = ["mode": "draft", "privacy": .null]
            try await bed.push(
                bed.job("draft", account: "mira", video: host.url + video.name, draft)
            )

            bed.expectPosted(try await bed.end(of: "far", worker: worker), video)
            #expect(try await bed.end(of: "draft", worker: worker).status == .delivered)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
            #expect(!worker.err.contains("never-shown"))
            // Nothing of it was kept on the disk.
            let files = try FileManager.default.subpathsOfDirectory(atPath: bed.folder)
            #expect(!files.contains { $0.hasSuffix(".mp4") })
        }
    }

    @Test func `another worker goes on with an upload from an address`() async throws {
        try await run { bed, host, video, _ in
            let victim = try await interrupted(bed, host, video)
            await victim.kill()
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "far", worker: second)

            // Its first bytes went through another worker, and are not fetched again for a hash.
            bed.expectPosted(row, video, isHashed: false)
            #expect(try await !bed.events(of: "far").contains("hashed"))
            #expect(bed.calls(of: "mira", to: .videoInit) == 1)
            bed.expectNoViolation()
            try await bed.expectDrains(second)
        }
    }

    @Test func `the unseen end of an upload from an address is recorded without its bytes`()
        async throws
    {
        try await run { bed, host, video, _ in
            let victim = try await interrupted(bed, host, video, .hangAfter, skip: 2)
            await victim.kill()
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "far", worker: second)

            bed.expectPosted(row, video, isHashed: false)
            let events = try await bed.events(of: "far")
            #expect(events.contains("uploaded") && !events.contains("hashed"))
            try await bed.expectDrains(second)
        }
    }

    @Test func `an upload does not go on with another file behind its address`() async throws {
        try await run { bed, host, video, folder in
            let victim = try await interrupted(bed, host, video)
            await victim.kill()
            _ = try TestVideo(video.name, bytes: video.bytes, in: folder)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "far", worker: second)

            #expect(row.status == .failed && row.errorCode == "media_changed")
            #expect(row.errorOwner == "upstream")
            #expect(bed.sandbox.report().posts.allSatisfy { !$0.isDelivered })
            try await bed.expectDrains(second)
        }
    }

    /// A worker one of whose chunks hangs; the second unless said otherwise.
    private func interrupted(
        _ bed: TestBed,
        _ host: MediaHost,
        _ video: TestVideo,
        _ fault: SandboxFault.Action = .hangBefore,
        skip: Int = 1
    ) async throws -> RunningProgram {
        let worker = try bed.startWorker("victim")
        bed.sandbox.fault(.upload, fault, skip: skip)
        try await bed.push(bed.job("far", account: "mira", video: host.url + video.name))
        try await bed.hits(of: .upload, worker: worker)
        return worker
    }

    @Test func `a host that is away is asked again, and the caller is told`() async throws {
        try await run { bed, host, video, _ in
            await host.stop()
            let worker = try bed.startWorker()
            try await bed.push(bed.job("away", account: "mira", video: host.url + video.name))

            let row = try await bed.row("away", "is tried again", worker: worker) {
                $0.attempt > 1
            }
            #expect(row.status == .waiting || row.status == .preparing)
            #expect(row.errorCode == "media_host_away" && row.errorOwner == "upstream")
            #expect(bed.sandbox.report().requests.isEmpty)
            await worker.kill()
        }
    }
}
