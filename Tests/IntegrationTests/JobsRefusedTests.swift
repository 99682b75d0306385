import Foundation
import JSON
import Postgres
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Jobs that cannot be posted: each says why, and the worker goes on.
@Suite(.timeLimit(.minutes(10)))
struct JobsRefusedTests {
    @Test func `a broken document is rejected with every rule it breaks`() async throws {
        try await TestBed.run { bed in
            let worker = try bed.startWorker()
            let document: JSONValue = [
                "id": "broken", "account": "mira", "video": "a.mp4", "photos": ["b.jpg"],
                "titel": "a typo", "privacy": "everyone", "max_attempts": 99,
                "publish_at": "tomorrow", "is_aigc": "yes", "metadata": [1],
                "title": .string(String(repeating: "x", count: 2201)),
            ]

            try await bed.push(document)
            let row = try await bed.end(of: "broken", worker: worker)

            #expect(row.status == .rejected)
            #expect(row.account == "mira")
            #expect(row.errorCode == "document_invalid")
            #expect(row.errorOwner == "upstream")
            let message = row.errorMessage ?? ""
            for field in [
                "video", "titel", "privacy", "max_attempts", "publish_at", "is_aigc", "metadata",
                "title",
            ] {
                #expect(message.contains("\(field): "), "\(message)")
            }
            #expect(!message.contains("xxx"))
            #expect(try await bed.events(of: "broken") == ["rejected"])
            #expect(try await bed.deadDocuments() == [document.encoded])
            #expect(bed.sandbox.report().requests.isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what is no job document at all becomes a dead letter`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("after.mp4", bytes: 100_000)
            let documents: [[UInt8]] = [
                [], Array("hello".utf8), Array("[]".utf8), Array("null".utf8), [0xFF, 0xFE, 0x00],
                Array(repeating: UInt8(ascii: "["), count: 200_000),
                Array(#"{"id":"too-large","x":"\#(String(repeating: "y", count: 300_000))"}"#.utf8),
                Array(#"{"id":"a b","account":"mira","video":"v","privacy":"public"}"#.utf8),
                Array(#"{"id":7,"account":"mira","video":"v","privacy":"public"}"#.utf8),
            ]
            let worker = try bed.startWorker()

            try await bed.push(bytes: documents)
            try await bed.push(bed.job("after", account: "mira", video: video.name))
            let row = try await bed.end(of: "after", worker: worker)
            try await waitUntil("dead letters", state: { worker.err }) {
                try await bed.deadDocuments().count == documents.count
            }

            bed.expectPosted(row, video)
            #expect(Set(try await bed.deadDocuments()) == Set(documents))
            #expect(try await bed.reader.rows().map(\.job) == ["after"])
            try await bed.expectDrains(worker)
        }
    }

    @Test func `each refusal before the upload says who can mend it`() async throws {
        try await TestBed.run { bed in
            try await bed.connectTroubled()
            let video = try bed.video("good.mp4", bytes: 100_000)
            let expected: [String: (code: String, owner: String)] = [
                "unknown": ("account_unknown", "upstream"),
                "banned": ("spam_risk_user_banned_from_posting", "creator"),
                "private": ("privacy_not_offered", "upstream"),
                "revoked": ("account_revoked", "creator"),
            ]
            let worker = try bed.startWorker()

            for account in expected.keys {
                try await bed.push(bed.job("of-\(account)", account: account, video: video.name))
            }
            try await bed.push(bed.job("of-mira", account: "mira", video: video.name))

            for (account, failure) in expected {
                let row = try await bed.end(of: "of-\(account)", worker: worker)
                #expect(row.status == .failed, "\(account)")
                #expect(row.errorCode == failure.code)
                #expect(row.errorOwner == failure.owner, "\(account)")
                #expect(row.errorMessage?.isEmpty == false && row.errorAction?.isEmpty == false)
                bed.expectNotPosted(row.job)
            }
            bed.expectPosted(try await bed.end(of: "of-mira", worker: worker), video)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            #expect(try await bed.deadDocuments().count == expected.count)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `jobs wait for an account whose connection must be mended, and then go on`()
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connectTroubled()
            let video = try bed.video("good.mp4", bytes: 100_000)
            let expected: [String: (code: String, owner: String)] = [
                "expired": ("tiktok_client_unset", "operator"),
                "reauthorise": ("account_reauthorise", "creator"),
                "foreign": ("token_unreadable", "operator"),
            ]
            let worker = try bed.startWorker()
            for account in expected.keys {
                try await bed.push(bed.job("first-\(account)", account: account, video: video.name))
            }

            for (account, failure) in expected {
                let row = try await bed.row("first-\(account)", "waits", worker: worker) {
                    $0.waitingFor == "account_paused"
                }
                #expect(row.status == .waiting && row.nextAttemptAt != nil)
                #expect(row.errorCode == failure.code && row.errorOwner == failure.owner)
                #expect(row.errorAction?.isEmpty == false)
                bed.expectNotPosted(row.job)
                try await bed.push(bed.job("next-\(account)", account: account, video: video.name))
            }
            #expect(bed.sandbox.report().requests.isEmpty)

            try await bed.connect("expired", "reauthorise", "foreign")
            for account in expected.keys { try await bed.liftHold(of: account) }

            let jobs = expected.keys.flatMap { ["first-\($0)", "next-\($0)"] }
            for row in try await bed.ends(of: jobs, worker: worker) {
                bed.expectPosted(row, video)
                #expect(row.attempt == 1 && row.errorCode == nil)
            }
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// What `resume --account` does.
    fileprivate func liftHold(of account: String) async throws {
        // The row says that a job waits a moment before the queue holds its account.
        try await waitUntil("the hold of \(account)") {
            try await redis.send(["EXISTS", .text(key("hold:post:\(account)"))]).integer == 1
        }
        let queue = JobQueue(
            redis: redis,
            keys: QueueKeys(prefix: key("")),
            lease: .seconds(15)
        )
        _ = try await queue.resume(.account(account))
    }

    /// Accounts named after what is wrong with them, and mira.
    fileprivate func connectTroubled() async throws {
        try await connect("mira", "expired", "revoked", "foreign", "reauthorise")
        try await connect("banned") { $0.isBanned = true }
        try await connect("private") { $0.isPrivate = true }
        let troubles: [SQL] = [
            "UPDATE tiktok_accounts SET access_expires_at = now() WHERE account = 'expired'",
            "UPDATE tiktok_accounts SET status = 'revoked' WHERE account = 'revoked'",
            "UPDATE tiktok_accounts SET access_token = 'plain' WHERE account = 'foreign'",
            "UPDATE tiktok_accounts SET status = 'reauthorise' WHERE account = 'reauthorise'",
        ]
        for trouble in troubles { _ = try await database.execute(trouble) }
    }

    /// The documents of the dead letters.
    func deadDocuments() async throws -> [[UInt8]] {
        var documents: [[UInt8]] = []
        let tickets = try await redis.send(["ZRANGE", .text(key("dead")), 0, -1]).array ?? []
        for ticket in tickets.compactMap(\.text) {
            let document = try await redis.send(["HGET", .text(key("job:\(ticket)")), "document"])
            if case .bytes(let bytes) = document { documents.append(bytes) }
        }
        return documents
    }
}
