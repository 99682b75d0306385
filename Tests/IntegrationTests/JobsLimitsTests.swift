import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Limits hold, each wait is told, and what waits goes on by itself.
@Suite(.timeLimit(.minutes(10)))
struct JobsLimitsTests {
    @Test func `an account's inits stay inside its minute, and the rest wait`()
        async throws
    {
        let settings = ["INIT_PER_MINUTE": "2", "CREATOR_INFO_PER_MINUTE": "3"]
        try await TestBed.run(settings) { bed in
            bed.sandbox.changeOptions {
                $0.requestsPerMinute = [.videoInit: 2, .creatorInfo: 3]
            }
            try await bed.connect("mira", "nora")
            let video = try bed.video("paced.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            let jobs = (0..<4).map { "job-\($0)" }

            for job in jobs.prefix(2) {
                try await bed.push(bed.job(job, account: "mira", video: video.name))
                _ = try await bed.end(of: job, worker: worker)
            }
            try await bed.push(bed.job("job-2", account: "mira", video: video.name))
            let waiting = try await bed.row("job-2", "waits", worker: worker) {
                $0.waitingFor == "rate_limit"
            }
            try await bed.push(bed.job("job-3", account: "mira", video: video.name))
            let behind = try await bed.row("job-3", "waits", worker: worker) {
                $0.waitingFor == "account_busy"
            }
            try await bed.push(bed.job("other", account: "nora", video: video.name))
            let other = try await bed.end(of: "other", worker: worker)

            #expect(waiting.status == .waiting && waiting.errorCode == nil)
            let wait = try #require(waiting.nextAttemptAt).timeIntervalSinceNow
            #expect((1...67).contains(wait))
            #expect(behind.nextAttemptAt == nil)
            bed.expectPosted(other, video)
            try await bed.letTheMinutePass()
            for row in try await bed.ends(of: jobs, limit: .seconds(150), worker: worker) {
                bed.expectPosted(row, video)
                #expect(row.attempt == 1)
            }
            let mine = bed.sandbox.report().posts.filter { $0.openID == "-000-mira" }
            #expect(Set(mine.map(\.title)) == Set(jobs.map(TestBed.title)) && mine.count == 4)
            #expect(!bed.sandbox.journal().contains { $0.code == "rate_limit_exceeded" })
            try await bed.expectDrains(worker)
        }
    }

    @Test func `no more accounts post in a day than the app may have`() async throws {
        try await TestBed.run(["DAILY_ACCOUNT_LIMIT": "2"]) { bed in
            bed.sandbox.changeOptions { $0.activeCreatorsPerDay = 2 }
            try await bed.connect("mira", "nora", "otto")
            let video = try bed.video("active.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            for account in ["mira", "nora"] {
                try await bed.push(bed.job("of-\(account)", account: account, video: video.name))
                _ = try await bed.end(of: "of-\(account)", worker: worker)
            }

            try await bed.push(
                bed.job("of-otto", account: "otto", video: video.name),
                bed.job("again", account: "mira", video: video.name),
                bed.job("draft", account: "otto", video: video.name, Self.draft)
            )
            let waiting = try await bed.row("of-otto", "waits", worker: worker) {
                $0.waitingFor == "daily_limit"
            }
            let again = try await bed.end(of: "again", worker: worker)
            // A draft does not count as posting, so it does not wait behind the post that does.
            let draft = try await bed.end(of: "draft", worker: worker)

            bed.expectPosted(again, video)
            #expect(draft.status == .delivered)
            let wait = try #require(waiting.nextAttemptAt).timeIntervalSinceNow
            #expect((86_000...86_402).contains(wait))
            #expect(!bed.sandbox.journal().contains { $0.code == "reached_active_user_cap" })
            try await bed.expectDrains(worker)
        }
    }

    private static let draft: [String: JSONValue] = [
        "mode": "draft", "privacy": .null, "title": .null,
    ]

    @Test func `a job ends as expired in time, though it waits for something later`()
        async throws
    {
        try await TestBed.run(["DAILY_POST_LIMIT": "1"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("expires.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("first", account: "mira", video: video.name))
            _ = try await bed.end(of: "first", worker: worker)

            try await bed.push(
                bed.job(
                    "second",
                    account: "mira",
                    video: video.name,
                    ["expires_at": .time(Date.now + 3)]
                )
            )
            let waiting = try await bed.row("second", "waits", worker: worker) {
                $0.waitingFor == "daily_limit"
            }
            let row = try await bed.end(of: "second", worker: worker)

            #expect(try #require(waiting.nextAttemptAt).timeIntervalSinceNow < 5)
            #expect(row.status == .expired)
            bed.expectNotPosted("second")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a day's place is given back when the file is missing, and kept when it is posted`()
        async throws
    {
        try await TestBed.run(["DAILY_POST_LIMIT": "2"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("there.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            for number in 0..<3 {
                try await bed.push(
                    bed.job("missing-\(number)", account: "mira", video: "not-there.mp4")
                )
            }
            for row in try await bed.ends(of: ["missing-0", "missing-1", "missing-2"]) {
                #expect(row.status == .failed && row.errorCode == "media_not_found")
            }
            for number in 0..<2 {
                try await bed.push(bed.job("there-\(number)", account: "mira", video: video.name))
            }
            for row in try await bed.ends(of: ["there-0", "there-1"], worker: worker) {
                bed.expectPosted(row, video)
            }
            try await bed.push(bed.job("there-2", account: "mira", video: video.name))
            let waiting = try await bed.row("there-2", "waits", worker: worker) {
                $0.waitingFor == "daily_limit"
            }
            #expect(waiting.status == .waiting)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `the most urgent of Celery's lists is served first`() async throws {
        try await TestBed.run(["CONCURRENCY": "1", "INIT_PER_MINUTE": "99"]) { bed in
            bed.sandbox.changeOptions { $0.requestsPerMinute = [:] }
            try await bed.connect("mira")
            let video = try bed.video("urgent.mp4", bytes: 100_000)
            for step in ["9", "3", "6", ""] {
                let list = bed.queue + (step.isEmpty ? "" : "\u{06}\u{16}\(step)")
                for number in 0..<2 {
                    let name = "step\(step)-\(number)"
                    try await bed.push(
                        bed.job(name, account: "mira", video: video.name),
                        onto: list
                    )
                }
            }
            let order =
                ["step-0", "step-1"]
                + ["3", "6", "9"].flatMap { ["step\($0)-0", "step\($0)-1"] }
            let worker = try bed.startWorker()

            for row in try await bed.ends(of: order, worker: worker) {
                bed.expectPosted(row, video)
            }

            #expect(bed.sandbox.report().posts.map(\.title) == order.map(TestBed.title))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `an idle worker takes what arrives on any of the lists`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("wakes.mp4", bytes: 100_000)
            let worker = try bed.startWorker()
            for step in ["", "\u{06}\u{16}3", "\u{06}\u{16}6", "\u{06}\u{16}9"] {
                let job = "wakes-\(step.unicodeScalars.last.map(String.init) ?? "0")"
                try await waitUntil("the worker sleeps", state: { worker.err }) {
                    try await bed.isAsleep(on: bed.queue + step)
                }
                try await bed.push(
                    bed.job(job, account: "mira", video: video.name),
                    onto: bed.queue + step
                )
                bed.expectPosted(try await bed.end(of: job, worker: worker), video)
            }
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Empties every account's minute, here and at the stand-in.
    fileprivate func letTheMinutePass() async throws {
        try await waitUntil("the timer") {
            try await redis.send(["ZCARD", .text(key("timers:\(queue)"))]).integer == 1
        }
        sandbox.advanceClock(by: .seconds(61))
        for key in try await redis.send(["KEYS", .text(key("calls:*"))]).array ?? [] {
            _ = try await redis.send(["DEL", .text(key.text ?? "")])
        }
        try await letTimersBeDue()
    }

    /// Whether some worker is blocked on that list.
    fileprivate func isAsleep(on list: String) async throws -> Bool {
        let clients = try await redis.send(["CLIENT", "LIST"]).text ?? ""
        let sleepers = clients.split(separator: "\n").count {
            $0.contains("name=tiktok-publisher-wait") && $0.contains("cmd=blmove")
                && $0.contains("flags=b")
        }
        // One connection sleeps on each of the upstream lists and on the returned jobs.
        return sleepers >= QueueKeys.sources(of: list).count
    }
}
