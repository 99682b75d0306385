import Foundation
import HTTP
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Posts in doubt that a webhook speaks of.
@Suite(.timeLimit(.minutes(10)))
struct WebhookDoubtTests {
    @Test func `a post in doubt whose id is known is asked about when a webhook comes`()
        async throws
    {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            bed.sandbox.fault(.status, .refuse(status: 400, code: "invalid_publish_id"))
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            try await bed.isWatched("one", worker)
            try await bed.letTimersBeDue()
            let doubted = try await bed.end(of: "one", worker: worker)
            #expect(doubted.status == .inDoubt && doubted.publishID != nil)
            try await bed.isSettled(worker)

            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                let row = try await bed.row("one", "is settled", worker: worker) {
                    $0.status != .inDoubt
                }
                bed.expectPosted(row, video)
                try await bed.newsAreFollowed(2, worker)
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test(arguments: [PulledKind.photoDraft, .pull, .pullDraft])
    func `a webhook tells the publish id of a post whose init nobody answered`(
        _ kind: PulledKind
    ) async throws {
        try await TestBed.runPulled(TestBed.webhooks) { bed in
            // Without the right to list posts, nothing but the webhook can tell.
            try await bed.connect("mira") { account in
                account.scopes = account.scopes.filter { $0 != "video.list" }
            }
            let worker = try bed.startWorker()
            try await bed.doubtUnanswered("one", kind, worker)

            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                let row = try await bed.row("one", "is settled", worker: worker) {
                    $0.status != .inDoubt
                }

                #expect(row.status == kind.end, "\(row.json.encodedText)")
                #expect(row.publishID == bed.posts(of: "mira").first?.publishID)
                #expect(row.errorCode == nil)
                let events = try await bed.events(of: "one")
                #expect(events.contains("reconciled"), "\(events)")
                #expect(events.contains("init_answered_late"), "\(events)")
                #expect(bed.calls(of: "mira", to: kind.endpoint) == 1)
            }
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    /// Cases in which the post may be another's.
    enum Unsure: String, CaseIterable, CustomTestStringConvertible {
        case twoInDoubt, otherPerson, otherKind, otherMode, noMode, failed, tooLate, upload

        var testDescription: String { rawValue }
    }

    @Test func `a webhook of a strange post settles nothing where another may be meant`() async {
        await allAtOnce(Unsure.allCases) { try await Self.stayInDoubt($0) }
    }

    private static func stayInDoubt(_ unsure: Unsure) async throws {
        try await TestBed.runPulled(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            if unsure == .twoInDoubt { try await bed.doubtUnanswered("two", .photoDraft, worker) }
            try await bed.doubtUnanswered("one", .photoDraft, worker)
            let publishID = try #require(bed.posts(of: "mira").last?.publishID)
            let asked = bed.questions

            try await WebhookCaller.run(to: worker) { caller in
                try await caller.send(message(unsure, publishID))
                try await bed.newsAreFollowed(1, worker)
                try await bed.letTimersBeDue()
                try await bed.isSettled(worker)
            }

            let row = try #require(try await bed.row("one"))
            let text = "\(unsure): \(row.json.encodedText)"
            #expect(row.status == .inDoubt && row.publishID == nil, "\(text)")
            #expect(bed.questions == asked, "\(unsure)")
            try await bed.expectDrains(worker)
        }
    }

    private static func message(
        _ unsure: Unsure,
        _ publishID: String
    ) -> WebhookCaller.Message {
        let digits = publishID.drop { $0 != "." }
        let (name, id): (String, String) =
            switch unsure {
            case .failed: ("failed", publishID)
            case .otherKind: ("inbox_delivered", "v_inbox_url~v2" + digits)
            case .upload: ("inbox_delivered", "v_inbox_file~v2" + digits)
            default: ("inbox_delivered", publishID)
            }
        let openID = unsure == .otherPerson ? "-000-ravi" : "-000-mira"
        var more: [String: JSONValue] = ["publish_type": "INBOX_SHARE"]
        if unsure == .otherMode { more["publish_type"] = "DIRECT_PUBLISH" }
        if unsure == .noMode { more["publish_type"] = nil }
        var message = WebhookCaller.post(name, id, openID: openID, more)
        if unsure == .tooLate {
            let now = Int64(Date.now.timeIntervalSince1970)
            let text = String(decoding: message.body, as: UTF8.self)
            message.body = Array(text.replacing("\(now / 100)", with: "\(now / 100 + 300)").utf8)
        }
        return message
    }

    // MARK: Consents that end

    @Test func `a creator who leaves the app is known to have left, and their jobs say so`()
        async throws
    {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira", "ravi")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                bed.sandbox.disconnect("-000-mira")
                try await waitUntil("the end of the connection", state: { worker.err }) {
                    try await bed.stored("mira", "status") == "revoked"
                }
                try await bed.newsAreFollowed(1, worker)
            }

            #expect(try await bed.stored("mira", "status_reason")?.contains("list") == true)
            #expect(try await bed.stored("mira", "refresh_token") == nil)
            #expect(try await bed.stored("ravi", "status") == "active")
            #expect(try await worker.hasLines(1, with: "account.removed", "status=revoked"))
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            let row = try await bed.end(of: "one", worker: worker)
            #expect(row.status == .failed && row.errorOwner == "creator")
            #expect(row.errorMessage?.contains("list") == true, "\(row.json.encodedText)")
            try await bed.expectDrains(worker)
        }
    }

    @Test(arguments: [(0, "reauthorise"), (2, "revoked"), (4, "reauthorise"), (5, "revoked")])
    func `why a consent ended decides whether anybody waits for it`(
        _ reason: Int64,
        _ status: String
    ) async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            bed.sandbox.disconnect("-000-mira")
            try await WebhookCaller.run(to: worker) { caller in
                let message = WebhookCaller.message(
                    "authorization.removed",
                    ["reason": .integer(reason)]
                )
                for _ in 0..<3 { #expect(try await caller.send(message).status == 200) }
                try await bed.newsAreFollowed(1, worker)
            }

            #expect(try await bed.stored("mira", "status") == status)
            #expect(try await bed.stored("mira", "status_reason")?.isEmpty == false)
            try await bed.expectDrains(worker)
        }
    }

    /// Why somebody has left, and what becomes of their jobs.
    static let removals: [(Int64, Status)] = [(1, .failed), (4, .waiting)]

    @Test(arguments: removals)
    func `jobs that wait for a limit say soon that their creator has left`(
        _ reason: Int64,
        _ status: Status
    ) async throws {
        try await TestBed.run(TestBed.webhooks.merging(["DAILY_POST_LIMIT": "1"]) { $1 }) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            try await bed.push(bed.job("out", account: "mira", video: video.name))
            _ = try await bed.end(of: "out", worker: worker)
            let time: [String: JSONValue] = ["publish_at": .time(Date.now + 3600)]
            try await bed.push(bed.job("later", account: "mira", video: video.name, time))
            for (job, waits) in [("first", "daily_limit"), ("second", "account_busy")] {
                try await bed.push(bed.job(job, account: "mira", video: video.name))
                _ = try await bed.row(job, "waits", worker: worker) { $0.waitingFor == waits }
            }

            bed.sandbox.disconnect("-000-mira")
            try await WebhookCaller.run(to: worker) { caller in
                let content: JSONValue = ["reason": .integer(reason)]
                try await caller.send(WebhookCaller.message("authorization.removed", content))
                try await bed.newsAreFollowed(1, worker)
            }
            let first = try await bed.row("first", "says so", worker: worker) {
                $0.errorOwner == "creator"
            }

            #expect(first.status == status, "\(first.json.encodedText)")
            #expect(first.errorMessage?.isEmpty == false)
            if status == .failed {
                #expect(try await bed.end(of: "second", worker: worker).errorOwner == "creator")
            } else {
                #expect(first.waitingFor == "account_paused")
                #expect(try await bed.row("second")?.waitingFor == "account_busy")
            }
            // What is not due yet may find the account connected again.
            #expect(try await bed.row("later")?.waitingFor == "schedule")
            #expect(bed.calls(of: "mira", to: .videoInit) == 1)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `late word of an end does not end a connection made since`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            bed.sandbox.disconnect("-000-mira")
            try await bed.connect("mira")
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                try await bed.newsAreFollowed(1, worker)
            }

            #expect(try await bed.stored("mira", "status") == "active")
            try await bed.push(bed.job("one", account: "mira", video: video.name))
            #expect(try await bed.end(of: "one", worker: worker).status == .published)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `while TikTok cannot say whether a consent ended, it is asked again`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            bed.sandbox.fault(.userInfo, .refuse(status: 500, code: "internal_error"))
            bed.sandbox.disconnect("-000-mira")
            try await WebhookCaller.run(to: worker) { caller in
                bed.sandbox.sendWebhooks(to: caller.url)
                try await waitUntil("the end of the connection", state: { worker.err }) {
                    try await bed.stored("mira", "status") == "revoked"
                }
            }
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Waits until no worker has a job in hand.
    fileprivate func isSettled(_ worker: RunningProgram) async throws {
        try await waitUntil("the queue to be still", state: { worker.err }) {
            let ready = try await redis.send(["LLEN", .text(key("ready:\(queue)"))]).integer
            let leases = try await redis.send(["ZCARD", .text(key("leases"))]).integer
            let due = try await redis.send(
                ["ZCOUNT", .text(key("timers:\(queue)")), 0, 1_000_000_000_000]
            ).integer
            return ready == 0 && leases == 0 && due == 0
        }
    }

    /// Brings a job of mira's to where the answer of its init is lost.
    fileprivate func doubtUnanswered(
        _ job: String,
        _ kind: PulledKind,
        _ worker: RunningProgram
    ) async throws {
        sandbox.fault(kind.endpoint, .resetAfter)
        try await push(pulled(kind, job, account: "mira"))
        let row = try await end(of: job, worker: worker)
        #expect(row.status == .inDoubt && row.errorCode == "init_unanswered")
        try await isSettled(worker)
    }
}
