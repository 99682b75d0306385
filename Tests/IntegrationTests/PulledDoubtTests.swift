import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Inits that post by themselves and whose answer is lost: never sent again, and settled by what
/// TikTok lists where only one post can be meant.
@Suite(.timeLimit(.minutes(10)))
struct PulledDoubtTests {
    static let lost: [(String, SandboxFault.Action)] = [
        ("reset-before", .resetBefore),
        ("reset-after", .resetAfter),
        ("500", .refuse(status: 500, code: "internal_error")),
        ("504-html", .body(status: 504, type: "text/html", text: "<html>")),
        ("502-html-done", .replaced(status: 502, type: "text/html", text: "<html>")),
        ("empty-done", .replaced(status: 200, type: "application/json", text: "{}")),
        ("truncated", .truncated(after: 40)),
    ]

    @Test(arguments: [PulledKind.photo, .photoDraft, .pull, .pullDraft])
    func `an init whose answer is lost is in doubt and never sent again`(
        _ kind: PulledKind
    ) async throws {
        try await TestBed.runPulled { bed in
            let worker = try bed.startWorker()
            for (name, action) in Self.lost {
                try await bed.connect(name)
                bed.sandbox.fault(kind.endpoint, action, openID: "-000-\(name)")
                try await bed.push(bed.pulled(kind, name, account: name))
            }

            for (name, _) in Self.lost {
                let row = try await bed.end(of: name, worker: worker)
                #expect(row.status == .inDoubt, "\(row.json.encodedText)")
                #expect(row.errorCode == "init_unanswered" && row.errorOwner == "creator")
                #expect(row.errorAction?.contains("profile") == true)
                #expect(bed.calls(of: name, to: kind.endpoint) == 1, "\(name)")
                #expect(try await bed.deadDocuments().isEmpty)
            }
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Workers that die

    static let points: [(CrashPoint, end: Status, inits: Int)] = [
        (
            CrashPoint("before the intent", CrashPoint.event("init_started", .holdRequest)),
            .published, 1
        ),
        (
            CrashPoint("after the intent", CrashPoint.event("init_started", .holdAnswer)), .inDoubt,
            0
        ),
        (CrashPoint("before the init", CrashPoint.call(.contentInit, .hangBefore)), .inDoubt, 1),
        (CrashPoint("after the init", CrashPoint.call(.contentInit, .hangAfter)), .inDoubt, 1),
        (
            CrashPoint("when it was answered", CrashPoint.event("init_answered", .holdRequest)),
            .inDoubt, 1
        ),
        (
            CrashPoint("when that was noted", CrashPoint.event("init_answered", .holdAnswer)),
            .published, 1
        ),
    ]

    @Test func `a worker that dies at the init never makes another send it again`() async {
        await allAtOnce(Self.points.map(\.0)) { point in
            let (_, end, inits) = try #require(
                Self.points.first { $0.0.testDescription == point.testDescription }
            )
            try await Self.kill(at: point, end: end, inits: inits)
        }
    }

    private static func kill(at point: CrashPoint, end: Status, inits: Int) async throws {
        let prefix = try await PulledKind.prefix
        let settings = PulledKind.settings(prefix).merging(["LEASE_SECONDS": "3"]) { $1 }
        try await TestBed.runBehindProxies(settings) {
            PulledKind.verify(&$0, prefix)
        } _: { bed, proxies in
            let scene = try await bed.stand(
                at: point,
                proxies,
                video: try bed.video("unused.mp4", bytes: 100),
                PulledKind.photo.changes(prefix)
            )

            await scene.worker.kill()
            scene.held?.release(dropped: true)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: CrashPoint.job, worker: second)

            #expect(row.status == end, "\(point.testDescription): \(row.json.encodedText)")
            #expect(row.attempt == 1, "\(point.testDescription)")
            let calls = bed.calls(of: CrashPoint.job, to: .contentInit)
            #expect(calls == inits, "\(point.testDescription)")
            if end == .inDoubt { #expect(row.errorCode == "init_unanswered") }
            bed.expectNoViolation()
            try await bed.expectDrains(second)
        }
    }

    @Test func `what TikTok answers a worker that stood still settles the doubt`() async throws {
        let prefix = try await PulledKind.prefix
        let settings = PulledKind.settings(prefix).merging(["LEASE_SECONDS": "3"]) { $1 }
        try await TestBed.runBehindProxies(settings) {
            PulledKind.verify(&$0, prefix)
        } _: { bed, proxies in
            let point = CrashPoint("frozen", CrashPoint.event("init_answered", .holdRequest))
            let unused = try bed.video("unused.mp4", bytes: 100)
            let draft = PulledKind.photoDraft.changes(prefix)
            let scene = try await bed.stand(at: point, proxies, video: unused, draft)

            scene.worker.send(.pause)
            let second = try bed.startWorker("second")
            let doubted = try await bed.end(of: CrashPoint.job, worker: second)
            scene.held?.release()
            scene.worker.send(.resume)
            let known = try await bed.row(CrashPoint.job, "is known", worker: scene.worker) {
                $0.publishID != nil
            }
            try await bed.letTimersBeDue()
            let row = try await bed.row(CrashPoint.job, "is settled", worker: second) {
                $0.status != .inDoubt
            }

            #expect(doubted.status == .inDoubt && doubted.publishID == nil)
            #expect(known.publishID == bed.posts(of: CrashPoint.job).first?.publishID)
            #expect(row.status == .delivered, "\(row.json.encodedText)")
            #expect(bed.calls(of: CrashPoint.job, to: .contentInit) == 1)
            try await bed.expectDrains(second)
            try await bed.expectDrains(scene.worker)
        }
    }

    // MARK: Settled by what TikTok lists

    @Test(arguments: [PulledKind.photo, .pull])
    func `a post in doubt becomes published once TikTok lists it`(_ kind: PulledKind) async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            // Another post of ours, whose number is known, must not be taken for it.
            try await bed.push(bed.pulled(kind, "first", account: "mira", ["title": "The same"]))
            let first = try await bed.end(of: "first", worker: worker)
            try await bed.doubt("doubted", kind, ["title": "The  same"], worker)

            try await bed.letTimersBeDue()
            let row = try await bed.row("doubted", "is settled", worker: worker) {
                $0.status != .inDoubt
            }

            #expect(row.status == .published && row.errorCode == nil, "\(row.json.encodedText)")
            let posts = bed.posts(of: "mira").filter { $0.isDelivered }
            #expect(posts.count == 2)
            #expect(row.postIDs == [posts.last?.postID].compactMap { $0.map { "\($0)" } })
            #expect(row.postIDs != first.postIDs && row.shareURL != nil)
            #expect(try await bed.events(of: "doubted").suffix(2) == ["in_doubt", "reconciled"])
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    /// Cases in which nobody can be sure.
    enum Unsure: String, CaseIterable, CustomTestStringConvertible {
        case notPosted, twins, noScope, notPublic, noCaption, draft

        var testDescription: String { rawValue }
    }

    @Test(arguments: Unsure.allCases)
    func `a post in doubt stays so where another may be meant`(_ unsure: Unsure) async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira") { if unsure == .noScope { $0.scopes = Self.noList } }
            let worker = try bed.startWorker()
            var changes: [String: JSONValue] = ["title": "The same"]
            if unsure == .notPublic { changes["privacy"] = "friends" }
            if unsure == .noCaption { changes["title"] = .null }
            let kind = unsure == .draft ? PulledKind.photoDraft : .photo
            let action = unsure == .notPosted ? SandboxFault.Action.resetBefore : .resetAfter
            if unsure == .twins { try await bed.doubt("twin", kind, changes, worker) }
            try await bed.doubt("doubted", kind, changes, worker, action)

            for _ in 1...2 {
                try await bed.letTimersBeDue()
                try await waitUntil("the question is over", state: { worker.err }) {
                    try await bed.timersAhead() == (unsure == .twins ? 2 : 1)
                }
            }

            let row = try #require(try await bed.row("doubted"))
            #expect(row.status == .inDoubt && row.postIDs.isEmpty, "\(row.json.encodedText)")
            #expect(bed.calls(of: "mira", to: kind.endpoint) == (unsure == .twins ? 2 : 1))
            let lists = bed.calls(of: "mira", to: .videoList)
            #expect((lists > 0) == (unsure == .notPosted || unsure == .twins), "\(lists)")
            try await bed.expectDrains(worker)
        }
    }

    private static let noList = SandboxAccount.allScopes.filter { $0 != "video.list" }

    @Test func `a person who knows better lets it begin anew`() async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            try await bed.doubt("doubted", .photo, [:], worker, .resetBefore)

            let retry = try await bed.run("dead", "retry", "doubted", "--in-doubt")
            let row = try await bed.row("doubted", "is posted", worker: worker) {
                $0.status == .published
            }

            #expect(retry.code == 0, "\(retry)")
            #expect(bed.posts(of: "mira").count { $0.isDelivered } == 1)
            #expect(row.publishID == bed.posts(of: "mira").first?.publishID)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// How many jobs wait for a time to come.
    fileprivate func timersAhead() async throws -> Int64? {
        let now = Int64(Date.now.timeIntervalSince1970 * 1000)
        let timers = key("timers:\(queue)")
        return try await redis.send(["ZCOUNT", .text(timers), .integer(now), "+inf"]).integer
    }

    /// Brings a job of mira's to where the answer of its init is lost.
    fileprivate func doubt(
        _ job: String,
        _ kind: PulledKind,
        _ changes: [String: JSONValue],
        _ worker: RunningProgram,
        _ action: SandboxFault.Action = .resetAfter
    ) async throws {
        sandbox.fault(kind.endpoint, action)
        try await push(pulled(kind, job, account: "mira", changes))
        let row = try await end(of: job, worker: worker)
        #expect(row.status == .inDoubt && row.errorCode == "init_unanswered")
        // The row is written before the queue knows that it is to be asked about.
        try await waitUntil("the timer of \(job)") {
            try await redis.send(["ZCARD", .text(key("leases"))]).integer == 0
        }
    }
}
