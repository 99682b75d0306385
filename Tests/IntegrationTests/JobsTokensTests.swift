import Foundation
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// Whole jobs of accounts whose tokens end on the way.
@Suite(.timeLimit(.minutes(10)))
struct JobsTokensTests {
    static let settings = TestBed.client.merging(["CHUNK_BYTES": "5242880"]) { $1 }

    @Test func `a token that has ended before the job costs it no attempt`() async throws {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            let video = try bed.video("loaf.mp4", bytes: 100_000)
            let worker = try bed.startWorker()

            for number in 1...3 {
                try await bed.push(bed.job("job-\(number)", account: "mira", video: video.name))
            }
            let rows = try await bed.ends(of: ["job-1", "job-2", "job-3"], worker: worker)

            #expect(rows.map(\.status) == [.published, .published, .published])
            #expect(rows.map(\.attempt) == [1, 1, 1])
            #expect(bed.tokenRequests == 1)
            #expect(bed.sandbox.report().violations.isEmpty)
        }
    }

    @Test func `a token that ends in the midst of a job is replaced, and the post goes out once`()
        async throws
    {
        try await TestBed.run(Self.settings, options: { $0.accessTokenSeconds = 1800 }) { bed in
            try await bed.connect("mira")
            let video = try bed.video("loaf.mp4", bytes: 6_000_000)
            // The answer to the init takes long enough for the token to end before the next call.
            bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 150))
            let worker = try bed.startWorker()
            try await bed.push(bed.job("job-1", account: "mira", video: video.name))
            try await bed.hits(of: .videoInit, worker: worker)

            bed.sandbox.advanceClock(by: .seconds(1900))
            let row = try await bed.end(of: "job-1", worker: worker)

            #expect(row.status == .published, "\(row)")
            #expect(row.attempt == 1)
            #expect(bed.tokenRequests == 1)
            #expect(bed.sandbox.report().delivered(titled: TestBed.title(of: "job-1")).count == 1)
            #expect(bed.sandbox.journal().contains { $0.code == "access_token_invalid" })
        }
    }

    @Test func `a connection that has ended lets its jobs wait, and says why`() async throws {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.disconnect("-000-mira")
            let video = try bed.video("loaf.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("job-1", account: "mira", video: video.name))

            let waiting = try await bed.row("job-1", "waits", worker: worker) {
                $0.status == .waiting && $0.waitingFor == "account_paused"
            }
            let reconnected = try await bed.reconnect("mira")
            let row = try await bed.end(of: "job-1", worker: worker)

            #expect(waiting.errorOwner == "creator")
            #expect(waiting.errorMessage?.contains("The connection has ended") == true)
            #expect(reconnected.code == 0, "\(reconnected)")
            #expect(row.status == .published && row.attempt == 1)
        }
    }

    @Test func `a token service that is away for a while costs no attempt`() async throws {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.fault(
                .token,
                .refuse(status: 503, code: "temporarily_unavailable"),
                count: 2
            )
            let video = try bed.video("loaf.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("job-1", account: "mira", video: video.name))

            let waiting = try await bed.row("job-1", "waits", worker: worker) {
                $0.status == .waiting && $0.waitingFor == "account_paused"
            }
            let row = try await bed.end(of: "job-1", worker: worker)

            #expect(waiting.errorCode == "temporarily_unavailable")
            #expect(row.status == .published && row.attempt == 1)
            #expect(bed.tokenRequests == 3)
        }
    }
}
