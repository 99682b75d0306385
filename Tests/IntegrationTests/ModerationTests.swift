import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Public posts whose ids TikTok's moderation holds back, without webhooks: the job has ended, and
/// the id is learnt by asking.
@Suite(.timeLimit(.minutes(10)))
struct ModerationTests {
    private static let moderation = Duration.seconds(1800)

    private static func slowly(_ options: inout SandboxOptions) {
        options.moderation = moderation
    }

    @Test func `an id that is held back is learnt by rare questions that disturb nobody`()
        async throws
    {
        try await TestBed.run(options: Self.slowly) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            let draft: [String: JSONValue] = ["mode": "draft", "privacy": .null, "title": .null]
            try await bed.push(
                bed.job("one", account: "mira", video: video.name),
                bed.job("own", account: "mira", video: video.name, ["privacy": "private"]),
                bed.job("draft", account: "mira", video: video.name, draft)
            )
            let ends = try await bed.ends(of: ["one", "own", "draft"], worker: worker)
            #expect(ends.map(\.status) == [.published, .published, .delivered])
            #expect(ends.allSatisfy { $0.postIDs.isEmpty && $0.shareURL == nil })
            #expect(ends.allSatisfy { $0.waitingFor == nil && $0.nextAttemptAt == nil })
            try await bed.isHeldBack(1, worker)
            #expect(try await bed.redis.send(["KEYS", .text(bed.key("slots:*"))]).array == [])
            let show = try await bed.run("jobs", "show", "one")
            #expect(show.out.contains("to ask TikTok for the post's id"), "\(show)")
            let cancel = try await bed.run("jobs", "cancel", "one", "--wait")
            #expect(cancel.code == 1 && cancel.err.contains("published"), "\(cancel)")

            let asked = bed.questions
            try await bed.letTimersBeDue()
            try await waitUntil("a question", state: { worker.err }) { bed.questions > asked }
            try await bed.isHeldBack(1, worker)
            #expect(try await bed.row("one")?.updatedAt == ends[0].updatedAt)

            bed.sandbox.advanceClock(by: Self.moderation)
            try await bed.letTimersBeDue()
            let row = try await bed.row("one", "is public", worker: worker) { !$0.postIDs.isEmpty }
            bed.expectPosted(row, video)
            #expect(row.shareURL == "https://www.tiktok.com/@mira/video/\(row.postIDs[0])")
            #expect(row.finishedAt == ends[0].finishedAt)
            let last = try await bed.reader.events(of: "one").last
            #expect(last?.event == "post_public" && last?.detail?.contains("status") == true)
            try await bed.expectNothingLeft(worker: worker)
            #expect(bed.questions == asked + 2)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `an id that never comes is asked for so often, and then no more`() async throws {
        // With webhooks, none of which comes, the questions are fewest.
        try await TestBed.run(TestBed.webhooks, options: Self.slowly) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            try await bed.isWatched("one", worker)
            try await bed.letTimersBeDue()
            _ = try await bed.end(of: "one", worker: worker)
            let asked = bed.questions

            for question in 1...3 {
                try await bed.isHeldBack(1, worker)
                try await bed.letTimersBeDue()
                try await waitUntil("question \(question)", state: { worker.err }) {
                    bed.questions == asked + question
                }
            }
            try await bed.expectNothingLeft(worker: worker)
            let row = try #require(try await bed.row("one"))
            #expect(row.status == .published && row.postIDs.isEmpty && bed.questions == asked + 3)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that was in doubt and is out has its id asked for as well`() async throws {
        try await TestBed.run(options: Self.slowly) { bed in
            try await bed.connect("mira")
            bed.sandbox.fault(.status, .refuse(status: 400, code: "invalid_publish_id"))
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            let doubted = try await bed.end(of: "one", worker: worker)
            #expect(doubted.status == .inDoubt)
            try await bed.isHeldBack(1, worker, stage: "reconcile")

            try await bed.letTimersBeDue()
            let out = try await bed.row("one", "is out", worker: worker) { $0.status == .published }
            #expect(out.postIDs.isEmpty)
            try await bed.isHeldBack(1, worker)
            bed.sandbox.advanceClock(by: Self.moderation)
            try await bed.letTimersBeDue()
            let row = try await bed.row("one", "is public", worker: worker) { !$0.postIDs.isEmpty }

            bed.expectPosted(row, video)
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `the caller of a task hears its end once, and sees it wait for nothing`() async throws {
        try await TestBed.runTasks(options: Self.slowly) { bed in
            try await bed.connect("mira")
            let worker = try await bed.startCeleryWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            let embed: [String: JSONValue] = ["callbacks": [bed.signature("link")]]
            try await bed.push(bed.task("t-1", video: video, embed: embed))
            let told = try await bed.result("t-1", becomes: "SUCCESS", worker: worker)
            try await bed.isHeldBack(1, worker)
            #expect(try await bed.inspect("scheduled()") == [])

            bed.sandbox.advanceClock(by: Self.moderation)
            try await bed.letTimersBeDue()
            let row = try await bed.row("t-1", "is public", worker: worker) { !$0.postIDs.isEmpty }
            try await bed.expectNothingLeft(worker: worker)

            #expect(row.status == .published)
            #expect(try await bed.result("t-1") == told)
            #expect(try await bed.followed().count == 1)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Workers that end on the way

    /// Where a worker is when it ends.
    struct Ending: Sendable, CustomTestStringConvertible {
        let point: CrashPoint
        /// Whether the post's id has been asked for by then.
        var isLate = false
        var isKilled = true

        var testDescription: String { point.testDescription }
    }

    static let endings = [
        Ending(
            point: CrashPoint(
                "when the end was written",
                CrashPoint.event("published", .holdAnswer)
            )
        ),
        Ending(point: CrashPoint("before the wait", CrashPoint.script("moderation", .holdRequest))),
        Ending(point: CrashPoint("after the wait", CrashPoint.script("moderation", .holdAnswer))),
        Ending(
            point: CrashPoint("while it asks", CrashPoint.call(.status, .hangBefore)),
            isLate: true
        ),
        Ending(
            point: CrashPoint("before the id", CrashPoint.event("post_public", .holdRequest)),
            isLate: true
        ),
        Ending(
            point: CrashPoint("after the id", CrashPoint.event("post_public", .holdAnswer)),
            isLate: true
        ),
        Ending(
            point: CrashPoint("told to stop while it asks", CrashPoint.call(.status, .hangBefore)),
            isLate: true,
            isKilled: false
        ),
    ]

    @Test func `an id is learnt whatever becomes of the worker between`() async {
        await allAtOnce(Self.endings) { ending in try await Self.end(ending) }
    }

    private static func end(_ ending: Ending) async throws {
        let settings = ["LEASE_SECONDS": "3", "SHUTDOWN_GRACE_SECONDS": "3"]
        try await TestBed.runBehindProxies(settings, options: slowly) { bed, proxies in
            let video = try bed.video("a.mp4", bytes: 100_000)
            let scene = try await bed.stand(at: ending, proxies, video)
            let before = try await bed.row(CrashPoint.job)
            if ending.isKilled {
                await scene.worker.kill()
                scene.held?.release(dropped: true)
            } else {
                try await bed.expectDrains(scene.worker)
                #expect(try await bed.polls() == ["0"], "what was cut off was not asked")
            }
            let second = try bed.startWorker("second")
            if !ending.isLate {
                try await bed.isHeldBack(1, second)
                #expect(try await bed.row(CrashPoint.job)?.updatedAt == before?.updatedAt)
                bed.sandbox.advanceClock(by: moderation)
            }
            try await waitUntil("an empty queue", state: { second.err }) {
                try await bed.letTimersBeDue()
                return try await bed.redis.send(["KEYS", .text(bed.key("job:*"))]).array == []
            }

            let row = try #require(try await bed.row(CrashPoint.job))
            bed.expectPosted(row, video)
            let events = try await bed.events(of: CrashPoint.job)
            #expect(events.count { $0 == "published" } == 1, "\(ending.testDescription)")
            #expect(events.count { $0 == "post_public" } == 1, "\(ending.testDescription)")
            #expect(bed.sandbox.report().posts.count == 1, "\(ending.testDescription)")
            try await bed.expectNothingLeft(worker: second)
            try await bed.expectDrains(second)
        }
    }
}

extension TestBed {
    /// Waits until nobody has a job in hand, and so many wait for a question.
    fileprivate func isHeldBack(
        _ count: Int,
        _ worker: RunningProgram,
        stage: String = "moderation"
    ) async throws {
        try await waitUntil("\(count) questions ahead", state: { worker.err }) {
            let now = Int64(Date.now.timeIntervalSince1970 * 1000)
            let timers = try await redis.send(
                ["ZRANGEBYSCORE", .text(key("timers:\(queue)")), .integer(now), "+inf"]
            )
            var waiting = 0
            for ticket in (timers.array ?? []).compactMap(\.text) {
                let now = try await redis.send(["HGET", .text(key("job:\(ticket)")), "stage"])
                waiting += now.text == stage ? 1 : 0
            }
            let leases = try await redis.send(["ZCARD", .text(key("leases"))])
            return waiting == count && leases.integer == 0
        }
    }

    /// How often each job has been asked about.
    fileprivate func polls() async throws -> [String] {
        var polls: [String] = []
        let jobs = try await redis.send(["KEYS", .text(key("job:*"))])
        for job in (jobs.array ?? []).compactMap(\.text) {
            polls.append(try await redis.send(["HGET", .text(job), "polls"]).text ?? "")
        }
        return polls
    }

    /// Brings a worker with one job to the point at which it is to end.
    fileprivate func stand(
        at ending: ModerationTests.Ending,
        _ proxies: FaultProxies,
        _ video: TestVideo
    ) async throws -> CrashScene {
        guard ending.isLate else { return try await stand(at: ending.point, proxies, video: video) }
        try await connect(CrashPoint.job)
        let worker = try startWorker("first", environment: proxies.environment)
        try await push(job(CrashPoint.job, account: CrashPoint.job, video: video.name))
        try await isHeldBack(1, worker)
        var held: ProxyFault?
        switch ending.point.place {
        case .redis(let action, let skip, let concerns):
            held = proxies.redis.plan(action, skip: skip, when: concerns)
        case .postgres(let action, let skip, let concerns):
            held = proxies.postgres.plan(action, skip: skip, when: concerns)
        case .tiktok(let endpoint, let action, let skip):
            sandbox.fault(endpoint, action, skip: skip)
        }
        sandbox.advanceClock(by: .seconds(1800))
        try await letTimersBeDue()
        if case .tiktok(let endpoint, _, _) = ending.point.place {
            try await hits(of: endpoint, worker: worker)
        }
        try await held?.happens { worker.err }
        return CrashScene(worker: worker, held: held)
    }
}
