import Foundation
import JSON
import PrivateServers
import Publishing
import Sandbox
import Support
import Testing

/// Jobs whose media are at a host that takes its time.
@Suite(.timeLimit(.minutes(10)))
struct SlowMediaTests {
    /// A bed that may read from hosts of this machine, and a host that waits to be told.
    private func run(
        _ file: [UInt8],
        _ settings: [String: String] = [:],
        _ body: (TestBed, GatedMedia) async throws -> Void
    ) async throws {
        try await GatedMedia.run(file) { media in
            let hosts = ["MEDIA_HOSTS": "127.0.0.1"].merging(settings) { $1 }
            try await TestBed.run(hosts) { options in
                options.verifiedPrefixes = [media.url]
                options.download = .zero
            } _: { bed in
                try await body(bed, media)
            }
        }
    }

    private static func photos(_ count: Int, at url: String) -> [String: JSONValue] {
        ["video": .null, "photos": .array((0..<count).map { .string("\(url)\($0).jpg") })]
    }

    @Test func `photos are looked at a few at once`() async throws {
        try await run(SamplePhoto.jpeg) { bed, media in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await bed.push(
                bed.job("album", account: "mira", video: "", Self.photos(10, at: media.url))
            )
            try await waitUntil("four photos to be asked for", state: { worker.err }) {
                media.arrived >= 4
            }
            media.open()
            let row = try await bed.end(of: "album", worker: worker)

            #expect(row.status == .published, "\(row.json.encodedText)")
            #expect(media.mostAtOnce == 4 && media.arrived >= 10)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a drain and a cancellation end a look at photos at once`() async throws {
        try await run(SamplePhoto.jpeg) { bed, media in
            try await bed.connect("mira", "nora")
            let worker = try bed.startWorker()
            for (id, account) in [("cancelled", "mira"), ("drained", "nora")] {
                try await bed.push(
                    bed.job(id, account: account, video: "", Self.photos(3, at: media.url))
                )
            }
            try await waitUntil("every photo to be asked for", state: { worker.err }) {
                media.arrived >= 6
            }

            let cancelling = try await bed.run("jobs", "cancel", "cancelled", "--wait")
            #expect(cancelling.code == 0, "\(cancelling)")
            #expect(try await bed.row("cancelled")?.status == .cancelled)
            try await bed.expectDrains(worker)

            #expect(bed.sandbox.report().requests[.contentInit] == nil)
            media.open()
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "drained", worker: second)

            #expect(row.status == .published && row.attempt == 1, "\(row.json.encodedText)")
            #expect(bed.sandbox.report().requests[.contentInit] == 1)
            try await bed.expectDrains(second)
        }
    }

    @Test func `slow addresses keep no file waiting, and come back later`() async throws {
        // Room for one upload from an address, and for files.
        let memory = ["UPLOAD_MEMORY_BYTES": "33554432"]
        try await run(TestMovie().file(), memory) { bed, media in
            media.open()
            try await bed.connect("mira", "nora", "otto")
            bed.sandbox.fault(.upload, .hangBefore, openID: "-000-mira")
            let worker = try bed.startWorker()
            try await bed.push(bed.job("slow", account: "mira", video: media.url + "a.mp4"))
            try await bed.hits(of: .upload, worker: worker)

            try await bed.push(bed.job("next", account: "nora", video: media.url + "b.mp4"))
            let video = try bed.video("file.mp4", bytes: 200_000)
            try await bed.push(bed.job("file", account: "otto", video: video.name))

            bed.expectPosted(try await bed.end(of: "file", worker: worker), video)
            let row = try await bed.row("next", "goes back", worker: worker) {
                $0.status == .waiting
            }
            #expect(row.waitingFor == "backoff" && row.attempt == 1, "\(row.json.encodedText)")
            #expect(row.errorCode == nil)
            await worker.kill()
        }
    }

    @Test func `slow hosts take no connection from calls to TikTok`() async throws {
        // As many photos at once as a client has connections, at two hosts.
        let settings = ["UPLOAD_MEMORY_BYTES": "1073741824", "CONCURRENCY": "100"]
        let names = (0..<64).map { "album\($0)" }
        try await run(SamplePhoto.jpeg, settings) { bed, media in
            try await GatedMedia.run(SamplePhoto.jpeg) { other in
                try await bed.connect("mira")
                for name in names { try await bed.connect(name) }
                let worker = try bed.startWorker()
                for name in names {
                    let photos = [media.url, media.url, other.url, other.url].map {
                        JSONValue.string($0 + "a.jpg")
                    }
                    let changes: [String: JSONValue] = ["video": .null, "photos": .array(photos)]
                    try await bed.push(bed.job(name, account: name, video: "", changes))
                }
                try await waitUntil("every photo to be asked for", state: { worker.err }) {
                    media.arrived + other.arrived >= 4 * names.count
                }

                let video = try bed.video("file.mp4", bytes: 200_000)
                try await bed.push(bed.job("file", account: "mira", video: video.name))
                bed.expectPosted(try await bed.end(of: "file", worker: worker), video)

                // None had to be given up before: it would have been asked for again.
                #expect(media.arrived + other.arrived == 4 * names.count)
                await worker.kill()
            }
        }
    }

    @Test func `what expires while its media are looked at is not posted`() async throws {
        try await run(TestMovie().file()) { bed, media in
            let worker = try bed.startWorker()
            let end = Date.now + 5
            let kinds: [String: [String: JSONValue]] = [
                "upload": [:], "draft": ["mode": "draft", "privacy": .null],
                "pull": ["transfer": "pull"],
            ]
            for (id, changes) in kinds {
                try await bed.connect(id)
                let all = changes.merging(["expires_at": .time(end)]) { $1 }
                try await bed.push(bed.job(id, account: id, video: media.url + "a.mp4", all))
            }
            try await waitUntil("every file to be asked for", state: { worker.err }) {
                media.arrived >= kinds.count
            }
            try await waitUntil("the jobs to expire") { end < .now }
            media.open()

            for id in kinds.keys {
                let row = try await bed.end(of: id, worker: worker)
                #expect(row.status == .expired, "\(row.json.encodedText)")
                #expect(row.publishID == nil && row.errorCode == nil)
            }
            let inits = bed.sandbox.journal().map(\.endpoint)
                .filter { [.videoInit, .inboxInit, .contentInit].contains($0) }
            #expect(inits.isEmpty)
            try await bed.expectDrains(worker)
        }
    }
}
