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
            try await TestBed.run(hosts) { bed in
                try await body(bed, media)
            }
        }
    }

    private static func photos(_ count: Int, at url: String) -> [String: JSONValue] {
        ["video": .null, "photos": .array((0..<count).map { .string("\(url)\($0).jpg") })]
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
