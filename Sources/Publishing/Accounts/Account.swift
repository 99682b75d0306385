package import FoundationEssentials
internal import Postgres

/// A TikTok account that agreed to be posted for: one row of `tiktok_accounts`, its tokens sealed.
package struct Account: Sendable {
    package let name: String
    package let openID: String?
    package let username: String?
    package let status: Status
    package let statusReason: String?
    package let scopes: [String]
    package let sealedAccessToken: String?
    package let sealedRefreshToken: String?
    package let accessExpiresAt: Date?
    package let refreshExpiresAt: Date?
    /// `nil`: `DAILY_POST_LIMIT`.
    package let dailyPostLimit: Int?
    package let updatedAt: Date
    /// When TikTok handed out the stored tokens; `nil`: it was not us who got them.
    package let refreshedAt: Date?
    /// TikTok's code, or one of ours, when the last refresh failed.
    package let refreshFailure: String?
    /// No refresh is tried before.
    package let refreshRetryAt: Date?

    package enum Status: String, Sendable {
        case active
        /// Only the creator can go on, by connecting the account again.
        case reauthorise
        case revoked
    }

    init(_ row: PostgresRow) throws(PostgresError) {
        name = try row.text("account")
        openID = try row.textIfAny("open_id")
        username = try row.textIfAny("username")
        // An unknown word can only come from a newer schema: not posting is the safe reading.
        status = Status(rawValue: try row.text("status")) ?? .revoked
        statusReason = try row.textIfAny("status_reason")
        scopes = try row.textArray("scopes")
        // An empty text is no token.
        sealedAccessToken = try row.textIfAny("access_token").flatMap { $0.isEmpty ? nil : $0 }
        sealedRefreshToken = try row.textIfAny("refresh_token").flatMap { $0.isEmpty ? nil : $0 }
        accessExpiresAt = Self.moment(row, "access_expires_at")
        refreshExpiresAt = Self.moment(row, "refresh_expires_at")
        dailyPostLimit = try row.intIfAny("daily_post_limit")
        updatedAt = try row.date("updated_at")
        refreshedAt = Self.moment(row, "refreshed_at")
        refreshFailure = try row.textIfAny("refresh_failure")
        refreshRetryAt = Self.moment(row, "refresh_retry_at")
    }

    /// What is no point in time, such as 'infinity', is no known one.
    private static func moment(_ row: PostgresRow, _ column: String) -> Date? {
        (try? row.dateIfAny(column)) ?? nil
    }

    package var hasRefreshToken: Bool { sealedRefreshToken != nil }

    /// How much longer the access token can be used, and whether it should be replaced by then.
    package enum Life: Sendable, Equatable {
        /// Long enough, or nobody knows.
        case fresh
        /// TikTok still takes it; a new one is due.
        case ending
        case over
    }

    /// A new token is due when a tenth of the old one's life is left, but not less than ten minutes
    /// and not more than three hours; of a very short life, a third.
    ///
    /// TikTok's lives are 2 hours by the pages stamped 2026-11-05 and were 24 hours before. Late
    /// enough that an account is not refreshed at every post, early enough to outlast a fault of
    /// TikTok's.
    package func life(at now: Date = .now) -> Life {
        guard let end = accessExpiresAt else { return .fresh }
        let left = end.timeIntervalSince(now)
        guard left > 0 else { return .over }
        var window = 600.0
        if let whole = refreshedAt.map(end.timeIntervalSince), whole > 0 {
            window = min(max(window, whole / 10), 10_800, whole / 3)
        }
        return left < window ? .ending : .fresh
    }
}
