import Foundation
import JSON
import Publishing
import Sandbox
import Support
import Testing

/// Posts whose media TikTok fetches itself, when all goes well or TikTok says no.
@Suite(.timeLimit(.minutes(10)))
struct PulledPostsTests {
    @Test func `photos and pulled videos are posted, and drafts of them delivered`() async throws {
        try await TestBed.runPulled { bed in
            let worker = try bed.startWorker()
            for kind in PulledKind.allCases {
                try await bed.connect(kind.rawValue)
                try await bed.push(bed.pulled(kind, kind.rawValue, account: kind.rawValue))
            }

            for kind in PulledKind.allCases {
                let row = try await bed.end(of: kind.rawValue, worker: worker)
                let posts = bed.posts(of: kind.rawValue)
                #expect(row.status == kind.end, "\(row.json.encodedText)")
                #expect(posts.count == 1 && posts.first?.isDelivered == true, "\(kind)")
                #expect(row.publishID == posts.first?.publishID)
                #expect(posts.first?.mode == (kind.isDraft ? "draft" : "direct"))
                #expect(bed.calls(of: kind.rawValue, to: kind.endpoint) == 1)
                let asked = bed.calls(of: kind.rawValue, to: .creatorInfo)
                #expect(asked == (kind.isDraft ? 0 : 1), "\(kind)")
                #expect(row.errorCode == nil && row.waitingFor == nil && row.attempt == 1)
                // Numbers above 2^53 keep every digit.
                let number = kind.isDraft ? nil : try #require(posts.first?.postID)
                #expect(row.postIDs == (number.map { ["\($0)"] } ?? []))
                let page = kind.endpoint == .contentInit ? "photo" : "video"
                let link = number.map { "https://www.tiktok.com/@\(kind)/\(page)/\($0)" }
                #expect(row.shareURL == link)
                let events = try await bed.events(of: kind.rawValue)
                #expect(
                    events.filter { $0.hasPrefix("init_") } == ["init_started", "init_answered"]
                )
            }
            bed.expectNoViolation()
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Refused before the init

    @Test func `what must not be posted is refused before anything is sent`() async throws {
        let expected: [(String, [String: JSONValue], code: String, owner: String)] = [
            (
                "plain", ["photos": ["http://media.example.org/a.jpg"]], "media_url_refused",
                "upstream"
            ),
            (
                "user", ["photos": ["a.jpg", "https://u:p@example.org/"]], "media_url_refused",
                "upstream"
            ),
            ("up", ["photos": ["b/../../a.jpg"]], "media_path_refused", "upstream"),
            ("backslash", ["photos": [#"b\..\a.jpg"#]], "media_path_refused", "upstream"),
            ("audience", ["privacy": "followers"], "privacy_not_offered", "upstream"),
        ]
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            for (id, changes, _, _) in expected {
                try await bed.push(bed.pulled(.photo, id, account: "mira", changes))
            }

            for (id, _, code, owner) in expected {
                let row = try await bed.end(of: id, worker: worker)
                #expect(row.status == .failed && row.errorCode == code, "\(row.json.encodedText)")
                #expect(row.errorOwner == owner && row.errorAction?.isEmpty == false)
            }
            let row = try await bed.row("user")
            #expect(row?.errorMessage?.contains("photos[1]") == true)
            #expect(bed.sandbox.report().requests[.contentInit] == nil)
            #expect(try await bed.deadDocuments().count == expected.count)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a path without a public address for it is the operator's to mend`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()

            try await bed.push(bed.pulled(.photoDraft, "unset", account: "mira"))
            let row = try await bed.end(of: "unset", worker: worker)

            #expect(row.status == .failed && row.errorCode == "media_url_prefix_unset")
            #expect(row.errorOwner == "operator")
            #expect(bed.sandbox.report().requests.isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: Refused by the init

    @Test func `a refused init posts nothing and ends as its code says`() async throws {
        try await TestBed.runPulled { bed in
            let expected: [(name: String, status: Int, code: String, waits: String?)] = [
                ("permanent", 403, "spam_risk_user_banned_from_posting", nil),
                ("limit", 403, "spam_risk_too_many_posts", "daily_limit"),
                ("drafts", 403, "spam_risk_too_many_pending_share", "draft_limit"),
                ("minute", 429, "rate_limit_exceeded", "rate_limit"),
            ]
            let worker = try bed.startWorker()
            for (name, status, code, _) in expected {
                try await bed.connect(name)
                let refusal = SandboxFault.Action.refuse(status: status, code: code)
                bed.sandbox.fault(.contentInit, refusal, openID: "-000-\(name)")
                try await bed.push(bed.pulled(.photo, name, account: name))
            }

            for (name, _, code, waits) in expected {
                let row = try await bed.row(name, "is refused", worker: worker) {
                    $0.status.isFinal || $0.errorCode == code
                }
                #expect(row.waitingFor == waits, "\(row.json.encodedText)")
                #expect(row.status == (waits == nil ? .failed : .waiting))
                #expect(row.errorCode == code && row.publishID == nil)
                let events = try await bed.events(of: name).filter { $0.hasPrefix("init_") }
                #expect(events == ["init_started", "init_refused"])
            }
            // What only waited goes on, with an init of its own.
            try await bed.letTheMinutePass(for: "minute")
            #expect(try await bed.end(of: "minute", worker: worker).status == .published)
            #expect(bed.posts(of: "minute").count == 1)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `an init whose token was refused is sent once more with another`() async throws {
        try await TestBed.runPulled(TestBed.client) { bed in
            try await bed.connect("mira")
            let refusal = SandboxFault.Action.refuse(status: 401, code: "access_token_invalid")
            bed.sandbox.fault(.contentInit, refusal)
            let worker = try bed.startWorker()

            try await bed.push(bed.pulled(.photo, "again", account: "mira"))
            let row = try await bed.end(of: "again", worker: worker)

            #expect(row.status == .published && row.attempt == 1, "\(row.json.encodedText)")
            #expect(bed.tokenRequests == 1 && bed.posts(of: "mira").count == 1)
            let events = try await bed.events(of: "again").filter { $0.hasPrefix("init_") }
            #expect(
                events == ["init_started", "init_refused", "init_started", "init_answered"]
            )
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    @Test func `an init that never left is tried again`() async throws {
        // Nobody listens there.
        let settings = ["TIKTOK_API_URL": "http://127.0.0.1:9", "MAX_ATTEMPTS": "3"]
        try await TestBed.runPulled(settings) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()

            try await bed.push(bed.pulled(.photoDraft, "away", account: "mira"))
            let row = try await bed.row("away", "is tried again", worker: worker) { $0.attempt > 1 }

            #expect(row.status != .inDoubt, "\(row.json.encodedText)")
            let events = try await bed.events(of: "away").filter { $0.hasPrefix("init_") }
            #expect(events.starts(with: ["init_started", "init_refused"]))
            await worker.kill()
        }
    }

    @Test func `a post that TikTok could not fetch is begun anew`() async throws {
        try await TestBed.runPulled { bed in
            try await bed.connect("mira")
            bed.sandbox.fault(.contentInit, .publishFails(reason: "photo_pull_failed"))
            let worker = try bed.startWorker()

            try await bed.push(bed.pulled(.photo, "slow", account: "mira"))
            let row = try await bed.end(of: "slow", worker: worker)

            #expect(row.status == .published && row.attempt == 2, "\(row.json.encodedText)")
            #expect(bed.posts(of: "mira").count { $0.isDelivered } == 1)
            #expect(bed.calls(of: "mira", to: .contentInit) == 2)
            try await bed.expectDrains(worker)
        }
    }
}
