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
    static let chunk = 5_242_880

    // MARK: A post that may be out

    @Test func `a token that ends after the last byte leaves the post to TikTok's verdict`()
        async throws
    {
        try await TestBed.run([:], options: { $0.processing = .seconds(6) }) { bed in
            try await bed.connect("mira")
            let video = try bed.video("ends.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("ends", account: "mira", video: video.name))
            _ = try await bed.row("ends", "is processing", worker: worker) {
                $0.status == .processing
            }

            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET access_expires_at = now() - interval '1 hour'"
            )
            let troubled = try await bed.row("ends", "says why it waits", worker: worker) {
                $0.errorCode != nil
            }
            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET access_expires_at = now() + interval '1 hour'"
            )
            let row = try await bed.end(of: "ends", worker: worker)

            #expect(troubled.status == .processing && troubled.errorCode == "tiktok_client_unset")
            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `used-up attempts fail no post that may be out`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("once.mp4", bytes: 200_000)
            bed.sandbox.fault(.upload, .resetAfter)
            bed.sandbox.fault(
                .status,
                .refuse(status: 500, code: "internal_error"),
                count: 2
            )
            let worker = try bed.startWorker()

            try await bed.push(
                bed.job("once", account: "mira", video: video.name, ["max_attempts": 1])
            )
            let row = try await bed.end(of: "once", worker: worker)

            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Copies, long documents, Redis with older data

    @Test func `an expired copy of a job does not end the first`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("copy.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            let time = JSONValue.time(Date.now + 4)
            try await bed.push(
                bed.job("copy", account: "mira", video: video.name, ["publish_at": time])
            )
            _ = try await bed.row("copy", "waits", worker: worker) { $0.waitingFor != nil }

            try await bed.push(
                bed.job(
                    "copy",
                    account: "mira",
                    video: video.name,
                    ["expires_at": "2026-01-01T00:00:00Z"]
                )
            )
            let row = try await bed.end(of: "copy", worker: worker)

            bed.expectPosted(row, video)
            #expect(try await bed.events(of: "copy").contains("duplicate"))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `documents that are far too long hold nothing up`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 200_000)
            // Together more than one answer of Redis may hold.
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: 3 << 20)
            for _ in 0..<25 { try await bed.push(bytes: [long]) }
            try await bed.push(bed.job("small", account: "mira", video: video.name))
            let worker = try bed.startWorker()

            let row = try await bed.end(of: "small", worker: worker)

            bed.expectPosted(row, video)
            try await waitUntil("25 dead letters", state: { worker.err }) {
                try await bed.redis.send(["ZCARD", .text(bed.key("dead"))]).integer == 25
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a queue that lost its data goes on above the recorded fences`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("lost.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            let later = JSONValue.time(Date.now + 3600)
            try await bed.push(
                bed.job("lost", account: "mira", video: video.name, ["publish_at": later])
            )
            _ = try await bed.row("lost", "waits", worker: worker) { $0.waitingFor != nil }
            _ = try await bed.database.execute("UPDATE publish_history SET fence = 5000")
            let keys = try await bed.redis.send(["KEYS", .text(bed.key("*"))]).array ?? []
            for key in keys.compactMap(\.text) {
                _ = try await bed.redis.send(["DEL", .text(key)])
            }

            try await bed.push(bed.job("lost", account: "mira", video: video.name))
            let row = try await bed.end(of: "lost", worker: worker)

            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: PostgreSQL away, or refusing

    @Test func `a drain ends in time though PostgreSQL is away`() async throws {
        try await TestBed.run(hasOwnServers: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("away.mp4", bytes: 200_000)
            bed.sandbox.fault(.status, .slow(bytesPerSecond: 60))
            let first = try bed.startWorker(
                "first",
                environment: ["SHUTDOWN_GRACE_SECONDS": "4", "LEASE_SECONDS": "5"]
            )
            try await bed.push(bed.job("away", account: "mira", video: video.name))
            try await bed.hits(of: .status, 1, worker: first)

            await bed.servers.postgres.stop()
            let result = try await first.drain()
            try await bed.servers.postgres.restart()
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "away", worker: second)

            #expect(result.code == 0)
            bed.expectPosted(row, video)
            try await bed.expectDrains(second)
        }
    }

    @Test
    func `a statement that PostgreSQL refuses is told, and the job goes on once it is mended`()
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("refused.mp4", bytes: 200_000)
            bed.sandbox.fault(.status, .slow(bytesPerSecond: 60))
            let worker = try bed.startWorker()
            try await bed.push(bed.job("refused", account: "mira", video: video.name))
            try await bed.hits(of: .status, 1, worker: worker)

            _ = try await bed.database.execute("ALTER TABLE publish_events RENAME TO hidden")
            try await waitUntil("the refusal in the log", state: { worker.err }) {
                worker.err.contains("history.refused")
            }
            _ = try await bed.database.execute("ALTER TABLE hidden RENAME TO publish_events")
            let row = try await bed.end(of: "refused", worker: worker)

            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }
}
