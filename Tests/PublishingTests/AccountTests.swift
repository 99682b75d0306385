import Foundation
import TikTok
import Testing

@testable import Postgres
@testable import Publishing

/// When tokens are replaced, and what a look at a connection finds.
struct AccountTests {
    static let now = Date(timeIntervalSince1970: 1_790_000_000)

    static func account(_ values: [String: String?] = [:]) throws -> Account {
        let usual: [String: String?] = [
            "account": "mira", "open_id": "-000-mira", "username": "mira", "status": "active",
            "status_reason": nil,
            "scopes": "{\(Scopes.asked.joined(separator: ","))}", "access_token": "sealed",
            "refresh_token": "sealed", "access_expires_at": time(7000),
            "refresh_expires_at": time(100 * 86_400), "daily_post_limit": nil,
            "updated_at": time(0), "refreshed_at": nil, "refresh_failure": nil,
            "refresh_retry_at": nil,
        ]
        let all = usual.merging(values) { $1 }
        let names = all.keys.sorted()
        return try Account(
            PostgresRow(
                columns: PostgresColumns(names: names),
                values: names.map { all[$0] ?? nil }
            )
        )
    }

    static func time(_ seconds: Double) -> String {
        (now + seconds).formatted(.iso8601.dateTimeSeparator(.space)).replacing("Z", with: "+00")
    }

    @Test(
        arguments: [
            // Left, age, what it is: lives of 2 h, 24 h and longer, unknown, short, none.
            (601.0, 6599.0, Account.Life.ending), (721, 6479, .fresh), (719, 6481, .ending),
            (8641, 77_759, .fresh), (8639, 77_761, .ending),
            (10_801, 200_000, .fresh), (10_799, 200_000, .ending),
            (601, nil, .fresh), (599, nil, .ending), (101, 199, .fresh), (99, 201, .ending),
            (0, 7200, .over), (-1, nil, .over),
        ] as [(Double, Double?, Account.Life)]
    )
    func `a token is replaced late, but in time`(
        left: Double,
        age: Double?,
        life: Account.Life
    ) throws {
        let account = try Self.account([
            "access_expires_at": Self.time(left), "refreshed_at": age.map { Self.time(-$0) },
        ])

        #expect(account.life(at: Self.now) == life)
    }

    @Test(arguments: ["infinity", nil])
    func `a token whose end nobody knows is good until TikTok refuses it`(end: String?) throws {
        let account = try Self.account(["access_expires_at": end])

        #expect(account.life(at: Self.now) == .fresh)
        #expect(account.accessExpiresAt == nil)
    }

    @Test func `an empty token is no token`() throws {
        let account = try Self.account(["access_token": "", "refresh_token": ""])

        #expect(account.sealedAccessToken == nil && !account.hasRefreshToken)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let values: [String: String?]
        var opens = true
        var canRefresh = true
        /// Code, owner and whether posts wait, in order.
        let found: [(code: String, owner: ErrorOwner, isWrong: Bool)]
    }

    static let cases = [
        Case(testDescription: "nothing", values: [:], found: []),
        Case(
            testDescription: "ended by the creator",
            values: ["status": "reauthorise", "status_reason": "gone"],
            found: [("account_reauthorise", .creator, true)]
        ),
        Case(
            testDescription: "sealed with another key",
            values: [:],
            opens: false,
            found: [("token_unreadable", .operator, true)]
        ),
        Case(
            testDescription: "no tokens",
            values: ["access_token": nil, "refresh_token": nil],
            found: [("token_missing", .operator, true)]
        ),
        Case(
            testDescription: "no refresh token",
            values: ["refresh_token": nil],
            found: [("refresh_token_missing", .creator, false)]
        ),
        Case(
            testDescription: "no refresh token, and the end has come",
            values: ["refresh_token": nil, "access_expires_at": time(-1)],
            found: [("refresh_token_missing", .creator, true)]
        ),
        Case(
            testDescription: "no way to refresh",
            values: [:],
            canRefresh: false,
            found: [("tiktok_client_unset", .operator, false)]
        ),
        Case(
            testDescription: "the last refresh failed",
            values: ["refresh_failure": "invalid_client", "access_expires_at": time(-1)],
            found: [("invalid_client", .operator, true)]
        ),
        Case(
            testDescription: "a code nobody knows yet",
            values: ["refresh_failure": "brand_new_code"],
            found: [("brand_new_code", .operator, false)]
        ),
        Case(
            testDescription: "the refresh token ends soon",
            values: ["refresh_expires_at": time(30 * 86_400 - 1)],
            found: [("refresh_token_ends", .creator, false)]
        ),
        Case(
            testDescription: "the refresh token has ended",
            values: ["refresh_expires_at": time(-1)],
            found: [("refresh_token_ends", .creator, true)]
        ),
        Case(
            testDescription: "drafts only",
            values: ["scopes": "{user.info.basic,user.info.profile,video.upload,video.list}"],
            found: [("scope_missing", .creator, false)]
        ),
        Case(
            testDescription: "no posts at all",
            values: ["scopes": "{user.info.basic,user.info.profile,video.list}"],
            found: [("scope_missing", .creator, true), ("scope_missing", .creator, true)]
        ),
        Case(
            testDescription: "permissions nobody knows",
            values: ["scopes": "{}"],
            found: [("scopes_unknown", .operator, false)]
        ),
    ]

    @Test(arguments: cases)
    func `a look finds who must do what`(_ case: Case) throws {
        let review = AccountReview(
            try Self.account(`case`.values),
            opens: `case`.opens,
            canRefresh: `case`.canRefresh,
            now: Self.now
        )

        #expect(review.findings.map(\.code) == `case`.found.map(\.code))
        #expect(review.findings.map(\.owner) == `case`.found.map(\.owner))
        #expect(review.findings.map(\.isWrong) == `case`.found.map(\.isWrong))
        #expect(review.findings.allSatisfy { $0.message.count > 20 && $0.action.count > 20 })
    }

    @Test func `pauses grow, and never beyond five minutes`() {
        let timing = TokenRenewal.Timing()

        let pauses = [1, 2, 3, 6, 7, 1000].map(timing.pause(afterFailures:))

        #expect(pauses == [10, 20, 40, 300, 300, 300].map { Duration.seconds($0) })
    }

    @Test func `nobody else may refresh before two calls have surely ended`() {
        let timing = TokenRenewal.Timing()

        #expect(timing.lease > TikTokTimeouts().call * 2 + timing.repeatPause)
    }
}
