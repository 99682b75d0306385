import Foundation
import JSON
import Postgres
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `limits`, and what keeps an account waiting: pauses, holds, its connection.
@Suite(.timeLimit(.minutes(10)))
struct CommandsLimitsTests {
    @Test func `limits are shown before and after they are used`() async throws {
        try await TestBed.run(["DAILY_POST_LIMIT": "1", "DAILY_ACCOUNT_LIMIT": "1"]) { bed in
            try await bed.connect("mira", "nora")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let before = try #require(try await bed.json("limits", "mira").first)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            let row = try await bed.end(of: "one", worker: worker)
            try await bed.push(bed.job("two", account: "mira", video: video.name))
            let waiting = try await bed.row("two", "waits", worker: worker) {
                $0.waitingFor == "daily_limit"
            }
            try await bed.push(bed.job("three", account: "mira", video: video.name))
            _ = try await bed.row("three", "waits", worker: worker) {
                $0.waitingFor == "account_busy"
            }

            let after = try #require(try await bed.json("limits", "mira").first)
            let nora = try #require(try await bed.json("limits", "nora").first)
            let text = try await bed.run("limits", "mira")
            let unknown = try await bed.run("limits", "nobody\u{1B}[2J")

            #expect(before["posts"] == ["used": 0, "cap": 1, "next": "now"])
            #expect(before["calls_per_minute"]?["video_init"]?["used"] == 0)
            #expect(before["slots"] == ["used": 0, "cap": 1])
            bed.expectPosted(row, video)
            #expect(after["posts"]?["used"] == 1)
            let next = try #require(after["posts"]?["next"]?.string.flatMap(InternetTime.read))
            let until = try #require(waiting.nextAttemptAt)
            // The waiting job comes up to a second later, so that not all come at once.
            #expect(abs(until.timeIntervalSince(next) - 0.5) < 0.6)
            #expect(after["drafts"] == ["used": 0, "cap": 5, "next": "now"])
            #expect(after["calls_per_minute"]?["video_init"]?["used"] == 1)
            #expect(after["calls_per_minute"]?["creator_info"]?["cap"] == 20)
            #expect(after["slots"] == ["used": 0, "cap": 1] && after["in_line"] == 1)
            #expect(after["active_accounts"] == ["used": 1, "cap": 1, "next": "now"])
            #expect(nora["active_accounts"]?["next"]?.string?.hasPrefix("20") == true)
            #expect(text.code == 0 && text.out.contains("in line   1 jobs"), "\(text)")
            #expect(unknown.code == 1 && !unknown.err.contains("\u{1B}"))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a paused account waits until its end, or until it is resumed`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let pause = try await bed.run(
                "pause",
                "--account",
                "mira",
                "--for",
                "1h",
                "--reason",
                "on holiday"
            )
            let worker = try bed.startWorker()
            try await bed.push(bed.job("held", account: "mira", video: video.name))
            let held = try await bed.row("held", "waits", worker: worker) {
                $0.waitingFor == "account_paused"
            }

            let limits = try #require(try await bed.json("limits", "mira").first)
            let shown = try #require(try await bed.json("accounts", "show", "mira").first)
            let resume = try await bed.json("resume", "--account", "mira")
            let row = try await bed.end(of: "held", worker: worker)
            let again = try await bed.run("resume", "--account", "mira")

            #expect(pause.code == 0 && pause.out.hasPrefix("account mira is paused until 20"))
            let wait = try #require(held.nextAttemptAt).timeIntervalSince(held.receivedAt)
            #expect((3000..<3610).contains(wait))
            #expect(limits["pause"]?["reason"] == "on holiday")
            #expect(limits["pause"] == shown["pause"] && shown["hold"] == .null)
            #expect(resume.first?["account"] == "mira")
            bed.expectPosted(row, video)
            #expect(again.code == 1 && again.err.contains("account mira is not paused"))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `resuming lifts what TikTok's answers hold an account for`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            bed.sandbox.fault(
                .videoInit,
                .refuse(status: 403, code: "spam_risk_too_many_posts")
            )
            let worker = try bed.startWorker()
            try await bed.push(bed.job("held", account: "mira", video: video.name))
            _ = try await bed.row("held", "waits", worker: worker) { $0.nextAttemptAt != nil }
            var limits = JSONValue.null
            try await waitUntil("the hold", state: { worker.err }) {
                limits = try await bed.json("limits", "mira").first ?? .null
                return limits["hold"] != .null
            }

            let text = try await bed.run("limits", "mira")
            let resume = try await bed.run("resume", "--account", "mira")
            let row = try await bed.end(of: "held", worker: worker)

            #expect(limits["hold"]?["reason"] == "spam_risk_too_many_posts")
            #expect(text.out.contains(": spam_risk_too_many_posts"), "\(text)")
            #expect(resume.code == 0, "\(resume)")
            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a new connection sets waiting jobs going at once`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            _ = try await bed.database.execute(
                "UPDATE tiktok_accounts SET status = 'reauthorise', status_reason = 'gone'"
            )
            let worker = try bed.startWorker()
            try await bed.push(bed.job("held", account: "mira", video: video.name))
            _ = try await bed.row("held", "waits", worker: worker) {
                $0.waitingFor == "account_paused"
            }

            let added = try await bed.reconnect("mira")
            let row = try await bed.end(of: "held", worker: worker)

            #expect(added.code == 0, "\(added)")
            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that failed with its connection begins anew with the next one`()
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            bed.sandbox.fault(.videoInit, .publishFails(reason: "auth_removed"))
            let worker = try bed.startWorker()
            try await bed.push(bed.job("anew", account: "mira", video: video.name))
            _ = try await bed.row("anew", "waits", worker: worker) {
                $0.waitingFor == "account_paused" && $0.errorCode == "auth_removed"
            }
            try await waitUntil("the hold", state: { worker.err }) {
                try await bed.json("limits", "mira").first?["hold"] != .null
            }

            let added = try await bed.reconnect("mira")
            // As if the quarter of an hour were over after which its connection is looked at again.
            let timers = bed.key("timers:" + bed.queue)
            let waiting = try await bed.redis.send(["ZRANGE", .text(timers), 0, -1])
            for ticket in (waiting.array ?? []).compactMap(\.text) {
                _ = try await bed.redis.send(["ZADD", .text(timers), "XX", 0, .text(ticket)])
            }
            let row = try await bed.end(of: "anew", worker: worker)

            #expect(added.code == 0, "\(added)")
            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }
}
