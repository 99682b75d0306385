import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// What TikTok refuses or fails: told to the one who can mend it, tried again where that can help.
@Suite(.timeLimit(.minutes(10)))
struct JobsFailuresTests {
    /// A reason, or a code, with what must become of the job.
    struct End: Sendable {
        let status: Status
        let owner: String?
        var waitingFor: String?
        /// Of the row in the end.
        var attempt = 1

        static func failed(_ owner: String) -> End { End(status: .failed, owner: owner) }
        static let secondTry = End(status: .published, owner: nil, attempt: 2)
        static func waits(_ reason: String, _ owner: String) -> End {
            End(status: .waiting, owner: owner, waitingFor: reason)
        }
    }

    static let reasons: [String: End] = [
        "file_format_check_failed": .failed("upstream"),
        "duration_check_failed": .failed("upstream"),
        "frame_rate_check_failed": .failed("upstream"),
        "picture_size_check_failed": .failed("upstream"),
        "internal": .secondTry,
        "video_pull_failed": .secondTry,
        "photo_pull_failed": .secondTry,
        "publish_cancelled": .failed("upstream"),
        "auth_removed": .waits("account_paused", "creator"),
        "spam_risk_too_many_posts": .waits("daily_limit", "creator"),
        "spam_risk_user_banned_from_posting": .failed("creator"),
        "spam_risk_text": .failed("creator"),
        "spam_risk": .failed("creator"),
        "a_reason_of_tomorrow": .failed("operator"),
    ]

    @Test func `each reason of a failed post ends the job as its owner needs it`() async throws {
        #expect(Set(Self.reasons.keys).isSuperset(of: SandboxFault.failReasons))
        try await Self.judge(Self.reasons) { .publishFails(reason: $0) }
    }

    /// An `access_token_invalid` is for `JobsTokensTests`: another token is got first.
    static let refusals: [String: End] = [
        "invalid_param": .failed("upstream"),
        "privacy_level_option_mismatch": .failed("upstream"),
        "url_ownership_unverified": .failed("operator"),
        "unaudited_client_can_only_post_to_private_accounts": .failed("operator"),
        "spam_risk_user_banned_from_posting": .failed("creator"),
        "scope_not_authorized": .waits("account_paused", "creator"),
        "spam_risk_too_many_posts": .waits("daily_limit", "creator"),
        "reached_active_user_cap": .waits("daily_limit", "operator"),
        "rate_limit_exceeded": .waits("rate_limit", "tiktok"),
        "internal_error": .secondTry,
        "a_code_of_tomorrow": .failed("operator"),
    ]

    @Test func `each refusal of an init ends the job as its owner needs it`() async throws {
        try await Self.judge(Self.refusals) { code in
            let status = code == "internal_error" ? 500 : code == "rate_limit_exceeded" ? 429 : 403
            return .refuse(status: status, code: code, retryAfter: status == 429 ? 120 : nil)
        }
    }

    @Test func `a code nobody knows is kept by its name, and counted`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "lea")
            let video = try bed.video("new.mp4", bytes: 100_000)
            let refusal = SandboxFault.Action.refuse(status: 403, code: "A code\nof tomorrow")
            bed.sandbox.fault(.videoInit, refusal, count: 2)
            let worker = try bed.startWorker()

            for account in ["mira", "lea"] {
                try await bed.push(bed.job("of-\(account)", account: account, video: video.name))
            }
            let rows = try await bed.ends(of: ["of-mira", "of-lea"], worker: worker)
            let counted = try await bed.database.query("SELECT * FROM publish_failures")

            #expect(rows.allSatisfy { $0.errorCode == "a_code_of_tomorrow" })
            #expect(rows.allSatisfy { $0.errorMessage?.contains("a_code_of_tomorrow") == true })
            #expect(counted.count == 1)
            let first = try #require(counted.first)
            #expect(try first.text("code") == "a_code_of_tomorrow")
            #expect(try first.text("owner") == "operator")
            #expect(try first.int64("count") == 2)
            let code = "code=a_code_of_tomorrow"
            #expect(try await worker.hasLines(2, with: "job.turn", code, "log_id="))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a refusal that does not end uses up the attempts`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("again.mp4", bytes: 100_000)
            bed.sandbox.fault(
                .videoInit,
                .refuse(status: 500, code: "internal_error"),
                count: nil
            )
            let worker = try bed.startWorker()

            try await bed.push(
                bed.job("again", account: "mira", video: video.name, ["max_attempts": 3])
            )
            let row = try await bed.end(of: "again", worker: worker)

            #expect(row.status == .failed)
            #expect(row.errorCode == "internal_error")
            #expect(row.attempt == 3)
            #expect(bed.sandbox.report().requests[.videoInit] == 3)
            #expect(try await bed.deadDocuments().count == 1)
            bed.expectNotPosted("again")
            try await bed.expectDrains(worker)
        }
    }

    /// One job for each code, all at once, each of an account of its own.
    private static func judge(
        _ ends: [String: End],
        _ action: (String) -> SandboxFault.Action
    ) async throws {
        try await TestBed.run { bed in
            let video = try bed.video("judged.mp4", bytes: 100_000)
            for code in ends.keys {
                try await bed.connect(code)
                bed.sandbox.fault(.videoInit, action(code), openID: "-000-\(code)")
            }
            let worker = try bed.startWorker()
            for code in ends.keys {
                try await bed.push(bed.job(code, account: code, video: video.name))
            }

            for (code, end) in ends {
                let row = try await bed.row(code, "ends or waits", worker: worker) { row in
                    row.status.isFinal
                        || row.waitingFor == end.waitingFor && row.errorCode != nil
                            && end.waitingFor != nil
                }
                expect(row, code, end, bed)
                if end.status == .published { bed.expectPosted(row, video) }
                guard end.waitingFor != nil else { continue }
                // A limit burns no attempt, and the job goes on by itself.
                let wait = try #require(row.nextAttemptAt).timeIntervalSinceNow
                let least = ["rate_limit": 100.0, "account_paused": 800][row.waitingFor ?? ""]
                #expect(wait > least ?? 3000, "\(code)")
                try await bed.letTheDayPass(for: code)
                let final = try await bed.end(of: code, worker: worker)
                #expect(final.attempt == 1)
                bed.expectPosted(final, video)
            }
            try await bed.expectDrains(worker)
        }
    }

    private static func expect(_ row: HistoryRow, _ code: String, _ end: End, _ bed: TestBed) {
        #expect(row.status == end.status, "\(code)")
        #expect(row.waitingFor == end.waitingFor, "\(code)")
        #expect(row.errorOwner == end.owner, "\(code)")
        #expect(row.attempt == end.attempt, "\(code)")
        guard end.owner != nil else { return }
        #expect(row.errorCode == code)
        #expect(row.errorMessage?.isEmpty == false, "\(code)")
        #expect(row.errorAction?.isEmpty == false, "\(code)")
        bed.expectNotPosted(code)
    }
}
