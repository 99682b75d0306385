import Foundation
import JSON
import Postgres
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Outcomes that come by webhook: sooner, with fewer questions, and never another than TikTok gives
/// when it is asked.
@Suite(.timeLimit(.minutes(10)))
struct WebhookTests {
    /// Long enough that nothing ends before the test lets it.
    private static let processing = Duration.seconds(1800)

    private static func slowly(_ options: inout SandboxOptions) {
        options.processing = processing
    }

    @Test func `an outcome comes by webhook, after fewer questions than without`() async throws {
        try await TestBed.run(options: Self.slowly) { plain in
            try await TestBed.run(TestBed.webhooks, options: Self.slowly) { hooked in
                for bed in [plain, hooked] { try await bed.connect("mira") }
                let workers = [try plain.startWorker(), try hooked.startWorker()]
                let video = try hooked.video("a.mp4", bytes: 100_000)
                _ = try plain.video("a.mp4", bytes: 100_000)
                for bed in [hooked, plain] {
                    try await bed.push(bed.job("one", account: "mira", video: video.name))
                }
                try await hooked.isWatched("one", workers[1])

                try await waitUntil("questions", state: { workers[0].err }) {
                    plain.questions >= 6
                }
                #expect(hooked.questions < 3, "\(hooked.questions)")
                let before = hooked.questions
                try await WebhookCaller.run(to: workers[1]) { caller in
                    hooked.sandbox.sendWebhooks(to: caller.url)
                    hooked.sandbox.advanceClock(by: Self.processing)
                    let row = try await hooked.end(of: "one", worker: workers[1])
                    hooked.expectPosted(row, video)
                    #expect(hooked.questions <= before + 2, "\(hooked.questions)")
                    try await hooked.newsAreFollowed(2, workers[1])
                }

                let events = try await hooked.events(of: "one")
                #expect(events.filter { $0 == "webhook" }.count == 2, "\(events)")
                for (bed, worker) in zip([plain, hooked], workers) {
                    try await bed.expectDrains(worker)
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func `copies, and another order, change nothing`(_ isReversed: Bool) async throws {
        try await TestBed.run(TestBed.webhooks, options: Self.slowly) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            try await bed.isWatched("one", worker)
            bed.sandbox.changeOptions {
                ($0.webhooks.copies, $0.webhooks.isReversed) = (4, isReversed)
            }

            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                bed.sandbox.advanceClock(by: Self.processing)
                let row = try await bed.end(of: "one", worker: worker)
                try await waitUntil("all deliveries", state: { worker.err }) {
                    bed.sandbox.deliveries().count { $0.status == 200 } == 8
                }
                try await bed.newsAreFollowed(2, worker)

                bed.expectPosted(try #require(try await bed.row("one")), video)
                #expect(row.status == .published)
                let news = try await bed.news(of: "one")
                #expect(Set(news) == ["complete", "publicly_available"] && news.count == 2)
                let events = try await bed.events(of: "one")
                #expect(events.count { $0 == "published" } == 1, "\(events)")
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `any worker takes the word for a post of one that has died`() async throws {
        let settings = TestBed.webhooks.merging(["LEASE_SECONDS": "3"]) { $1 }
        try await TestBed.run(settings, options: Self.slowly) { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 100_000)
            let first = try bed.startWorker("first")
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            try await bed.isWatched("one", first)
            let second = try bed.startWorker("second")
            try await WebhookCaller.run(to: second) { caller in
                await first.kill()

                bed.sandbox.sendWebhooks(to: caller.url)
                bed.sandbox.advanceClock(by: Self.processing)
                let row = try await bed.end(of: "one", worker: second)

                bed.expectPosted(row, video)
                #expect(row.worker == "second")
                #expect(try await bed.events(of: "one").contains("webhook"))
            }
            try await bed.expectDrains(second)
        }
    }

    @Test func `word that comes before the init is answered is not lost`() async throws {
        try await TestBed.runPulled(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.fault(.contentInit, .slow(bytesPerSecond: 25))
                bed.sandbox.sendWebhooks(to: caller.url)
                try await bed.push(bed.pulled(.photo, "one", account: "mira"))
                try await bed.newsAreFollowed(1, worker)
                let early = try #require(try await bed.row("one"))
                #expect(early.publishID == nil, "the init was answered before the webhook came")
                let pause = try await bed.run("pause", "--queue", bed.queue)
                #expect(pause.code == 0, "\(pause)")

                // Paused, nobody asks: what the row says is what the worker has planned.
                let row = try await bed.row("one", "is watched", worker: worker) {
                    $0.waitingFor == "tiktok"
                }
                let planned = try #require(row.nextAttemptAt).timeIntervalSince(row.updatedAt)
                #expect(planned < 5, "it waits \(planned) s, as if there were no word of it")
                let resume = try await bed.run("resume", "--queue", bed.queue)
                #expect(resume.code == 0, "\(resume)")

                #expect(try await bed.end(of: "one", worker: worker).status == .published)
                try await bed.newsAreFollowed(2, worker)
                #expect(try await bed.news(of: "one").count == 2)
            }
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `the last question comes at the deadline, however rare they are`() async throws {
        try await TestBed.run(TestBed.webhooks, options: Self.slowly) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            try await bed.isWatched("one", worker)
            let first = try #require(try await bed.row("one"))

            try await bed.database.execute(
                "UPDATE publish_ledger SET verdict_deadline = now() + interval '10 seconds'"
            )
            try await bed.letTimersBeDue()
            let row = try await bed.row("one", "was asked about", worker: worker) {
                $0.nextAttemptAt != first.nextAttemptAt && $0.waitingFor == "tiktok"
            }

            let planned = try #require(row.nextAttemptAt).timeIntervalSince(row.updatedAt)
            #expect(planned < 12, "it waits \(planned) s, beyond the deadline")
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Rows that have ended

    @Test func `a draft becomes published when its owner posts it`() async throws {
        try await TestBed.runDelivered { bed, worker, caller, delivered in
            let publishID = try #require(delivered.publishID)
            // Whatever else comes of a delivered draft, it is delivered.
            for event in ["failed", "no_longer_publicaly_available"] {
                try await caller.send(WebhookCaller.post(event, publishID))
            }
            try await bed.newsAreFollowed(3, worker)
            #expect(try await bed.row("one")?.status == .delivered)

            #expect(bed.sandbox.publishDraft(publishID))
            let row = try await bed.row("one", "is public", worker: worker) {
                !$0.postIDs.isEmpty
            }

            let post = try #require(bed.sandbox.report().posts.first?.postID)
            #expect(row.status == .published && row.postIDs == ["\(post)"])
            #expect(row.shareURL == "https://www.tiktok.com/@mira/video/\(post)")
            #expect(row.finishedAt == delivered.finishedAt)
            try await bed.newsAreFollowed(5, worker)
        }
    }

    @Test func `a row that is published stays so, whatever comes late`() async throws {
        try await TestBed.runDelivered { bed, worker, caller, delivered in
            let publishID = try #require(delivered.publishID)
            #expect(bed.sandbox.publishDraft(publishID))
            try await bed.newsAreFollowed(3, worker)
            let published = try #require(try await bed.row("one"))
            #expect(published.status == .published && published.postIDs.count == 1)

            let number: [String: JSONValue] = ["post_id": .string(published.postIDs[0])]
            for event in ["inbox_delivered", "failed", "no_longer_publicly_available"] {
                try await caller.send(WebhookCaller.post(event, publishID, number))
            }
            try await bed.newsAreFollowed(6, worker)

            let last = try #require(try await bed.row("one"))
            #expect(last.status == .published && last.postIDs == published.postIDs)
            #expect(last.updatedAt == published.updatedAt)
            #expect(Set(try await bed.news(of: "one")).count == 5)
        }
    }

    @Test func `word that comes while the end is being written is not lost`() async throws {
        try await TestBed.runBehindProxies(TestBed.webhooks) {
            $0.moderation = Self.processing
        } _: { bed, proxies in
            let point = CrashPoint("the end", CrashPoint.event("published", .holdRequest))
            let video = try bed.video("a.mp4", bytes: 100_000)
            let scene = try await bed.stand(at: point, proxies, video: video)
            let publishID = try #require(try await bed.row(CrashPoint.job)?.publishID)

            try await WebhookCaller.run(to: scene.worker) { caller in
                let number: [String: JSONValue] = ["post_id": "7600000000000000777"]
                let news = WebhookCaller.post(
                    "publicly_available",
                    publishID,
                    openID: "-000-\(CrashPoint.job)",
                    number
                )
                try await caller.send(news)
                try await bed.newsAreFollowed(1, scene.worker)
            }
            #expect(try await bed.row(CrashPoint.job)?.status == .processing)
            scene.held?.release()
            let row = try await bed.row(CrashPoint.job, "has its number", worker: scene.worker) {
                !$0.postIDs.isEmpty
            }

            #expect(row.status == .published && row.postIDs == ["7600000000000000777"])
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `a post gets its number when moderation is done with it`() async throws {
        try await TestBed.run(TestBed.webhooks) {
            $0.moderation = Self.processing
        } _: { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                try await bed.push(bed.job("one", account: "mira", video: video.name))
                let published = try await bed.end(of: "one", worker: worker)
                #expect(published.status == .published && published.postIDs.isEmpty)
                let asked = bed.questions

                bed.sandbox.advanceClock(by: Self.processing)
                let row = try await bed.row("one", "is public", worker: worker) {
                    !$0.postIDs.isEmpty
                }

                bed.expectPosted(row, video)
                #expect(row.shareURL != nil)
                #expect(try await bed.events(of: "one").last == "post_public")
                // Nobody asks any more for what the webhook has told.
                try await bed.expectNothingLeft(worker: worker)
                #expect(bed.questions == asked)
            }
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Runs a test with a draft that is in mira's inbox, as a webhook has said already.
    fileprivate static func runDelivered(
        _ body: (TestBed, RunningProgram, WebhookCaller, HistoryRow) async throws -> Void
    ) async throws {
        try await run(webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            let draft: [String: JSONValue] = ["mode": "draft", "privacy": .null, "title": .null]
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                try await bed.push(bed.job("one", account: "mira", video: video.name, draft))
                let delivered = try await bed.end(of: "one", worker: worker)
                #expect(delivered.status == .delivered)
                try await bed.newsAreFollowed(1, worker)
                try await body(bed, worker, caller, delivered)
            }
            try await bed.expectDrains(worker)
        }
    }
}
