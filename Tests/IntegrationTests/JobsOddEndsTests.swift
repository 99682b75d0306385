import Foundation
import JSON
import Postgres
import PrivateServers
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// What a fresh look at the program found that it did wrong, each shown to be right now.
@Suite(.timeLimit(.minutes(10)))
struct JobsOddEndsTests {
    /// The one job of a test, of an account and with a video of its own.
    private struct OneJob {
        let bed: TestBed
        let video: TestVideo
        private static let id = "job"

        init(_ bed: TestBed) async throws {
            self.bed = bed
            try await bed.connect("mira")
            video = try bed.video("small.mp4", bytes: 200_000)
        }

        func push(_ more: [String: JSONValue] = [:]) async throws {
            try await bed.push(bed.job(Self.id, account: "mira", video: video.name, more))
        }

        /// Pushes it to be published later, and waits until it waits for that.
        func pushAhead(seconds: Double, worker: RunningProgram) async throws {
            try await push(["publish_at": .time(Date.now + seconds)])
            _ = try await row("waits", worker: worker) { $0.waitingFor != nil }
        }

        /// Pushes it, and waits until a worker is in the middle of asking how the post fares.
        func pushUntilAsked(by worker: RunningProgram) async throws {
            try await push()
            try await bed.hits(of: .status, 1, worker: worker)
        }

        func row(
            _ what: String,
            worker: RunningProgram,
            _ holds: (HistoryRow) -> Bool
        ) async throws -> HistoryRow {
            try await bed.row(Self.id, what, worker: worker, holds)
        }

        func events() async throws -> [String] { try await bed.events(of: Self.id) }

        /// It gets published, once, and its worker can be drained.
        func expectPosted(
            by worker: RunningProgram,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let row = try await bed.end(of: Self.id, worker: worker)
            bed.expectPosted(row, video, sourceLocation: sourceLocation)
            try await bed.expectDrains(worker, sourceLocation: sourceLocation)
        }
    }

    // MARK: A post that may be out

    @Test func `a token that ends after the last byte leaves the post to TikTok's verdict`()
        async throws
    {
        try await TestBed.run([:], options: { $0.processing = .seconds(6) }) { bed in
            let job = try await OneJob(bed)
            let worker = try bed.startWorker()
            try await job.push()
            _ = try await job.row("is processing", worker: worker) { $0.status == .processing }

            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET access_expires_at = now() - interval '1 hour'"
            )
            let troubled = try await job.row("says why it waits", worker: worker) {
                $0.errorCode != nil
            }
            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET access_expires_at = now() + interval '1 hour'"
            )

            #expect(troubled.status == .processing && troubled.errorCode == "tiktok_client_unset")
            try await job.expectPosted(by: worker)
        }
    }

    @Test func `used-up attempts fail no post that may be out`() async throws {
        try await TestBed.run { bed in
            let job = try await OneJob(bed)
            bed.sandbox.fault(.upload, .resetAfter)
            bed.sandbox.fault(
                .status,
                .refuse(status: 500, code: "internal_error"),
                count: 2
            )
            let worker = try bed.startWorker()

            try await job.push(["max_attempts": 1])

            try await job.expectPosted(by: worker)
        }
    }

    // MARK: Copies, long documents, Redis with older data

    @Test func `an expired copy of a job does not end the first`() async throws {
        try await TestBed.run { bed in
            let job = try await OneJob(bed)
            let worker = try bed.startWorker()
            try await job.pushAhead(seconds: 4, worker: worker)

            try await job.push(["expires_at": "2026-01-01T00:00:00Z"])

            try await job.expectPosted(by: worker)
            #expect(try await job.events().contains("duplicate"))
        }
    }

    @Test func `documents that are far too long hold nothing up`() async throws {
        try await TestBed.run { bed in
            let job = try await OneJob(bed)
            // Together more than one answer of Redis may hold.
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
            for _ in 0..<25 { try await bed.push(bytes: [long]) }
            try await job.push()
            let worker = try bed.startWorker()

            try await waitUntil("25 dead letters", state: { worker.err }) {
                try await bed.redis.send(["ZCARD", .text(bed.key("dead"))]).integer == 25
            }
            try await job.expectPosted(by: worker)
        }
    }

    @Test func `a queue that lost its data goes on above the recorded fences`() async throws {
        try await TestBed.run { bed in
            let job = try await OneJob(bed)
            let worker = try bed.startWorker()
            try await job.pushAhead(seconds: 3600, worker: worker)
            _ = try await bed.database.execute("UPDATE publish_history SET fence = 5000")
            let keys = try await bed.redis.send(["KEYS", .text(bed.key("*"))]).array ?? []
            for key in keys.compactMap(\.text) {
                _ = try await bed.redis.send(["DEL", .text(key)])
            }

            try await job.push()

            try await job.expectPosted(by: worker)
        }
    }

    // MARK: PostgreSQL away, or refusing

    @Test func `a drain ends in time though PostgreSQL is away`() async throws {
        try await TestBed.run(hasOwnServers: true) { bed in
            let job = try await OneJob(bed)
            bed.sandbox.fault(.status, .slow(bytesPerSecond: 60))
            let first = try bed.startWorker(
                "first",
                environment: ["SHUTDOWN_GRACE_SECONDS": "4", "LEASE_SECONDS": "5"]
            )
            try await job.pushUntilAsked(by: first)

            await bed.servers.postgres.stop()
            let result = try await first.drain()
            try await bed.servers.postgres.restart()

            #expect(result.code == 0)
            try await job.expectPosted(by: try bed.startWorker("second"))
        }
    }

    @Test
    func `a statement that PostgreSQL refuses is told, and the job goes on once it is mended`()
        async throws
    {
        try await TestBed.run { bed in
            let job = try await OneJob(bed)
            bed.sandbox.fault(.status, .slow(bytesPerSecond: 60))
            let worker = try bed.startWorker()
            try await job.pushUntilAsked(by: worker)

            _ = try await bed.database.execute("ALTER TABLE publish_events RENAME TO hidden")
            try await waitUntil("the refusal in the log", state: { worker.err }) {
                worker.err.contains("history.refused")
            }
            _ = try await bed.database.execute("ALTER TABLE hidden RENAME TO publish_events")

            try await job.expectPosted(by: worker)
        }
    }
}
