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
    package let hasRefreshToken: Bool
    package let accessExpiresAt: Date?
    package let refreshExpiresAt: Date?
    /// `nil`: `DAILY_POST_LIMIT`.
    package let dailyPostLimit: Int?
    package let updatedAt: Date

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
        sealedAccessToken = try row.textIfAny("access_token")
        hasRefreshToken = try row.textIfAny("refresh_token") != nil
        // What is no point in time, such as 'infinity', is no known end.
        accessExpiresAt = (try? row.dateIfAny("access_expires_at")) ?? nil
        refreshExpiresAt = (try? row.dateIfAny("refresh_expires_at")) ?? nil
        dailyPostLimit = try row.intIfAny("daily_post_limit")
        updatedAt = try row.date("updated_at")
    }
}
