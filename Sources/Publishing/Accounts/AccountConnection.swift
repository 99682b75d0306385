package import Crypto
package import FoundationEssentials
internal import Postgres
package import TikTok

extension Accounts {
    /// What `add` is given; tokens may be plain or already sealed with one of our keys.
    package struct Connection: Sendable {
        package let account: String
        package let openID: String?
        package let username: String?
        package let scopes: [String]
        package let accessToken: SecretText
        package let refreshToken: SecretText?
        package let accessExpiresAt: Date?
        package let refreshExpiresAt: Date?
        package let dailyPostLimit: Int?
        /// When TikTok handed out the tokens, if that was just now; `nil`: nobody knows.
        package let grantedAt: Date?

        package init(
            account: String,
            openID: String?,
            username: String?,
            scopes: [String],
            accessToken: SecretText,
            refreshToken: SecretText?,
            accessExpiresAt: Date?,
            refreshExpiresAt: Date?,
            dailyPostLimit: Int?,
            grantedAt: Date? = nil
        ) {
            self.account = account
            self.openID = openID
            self.username = username
            self.scopes = scopes
            self.accessToken = accessToken
            self.refreshToken = refreshToken
            self.accessExpiresAt = accessExpiresAt
            self.refreshExpiresAt = refreshExpiresAt
            self.dailyPostLimit = dailyPostLimit
            self.grantedAt = grantedAt
        }

        /// What a consent brought.
        package init(
            account: String,
            grant: TokenGrant,
            scopes: [String],
            username: String?,
            now: Date = .now
        ) {
            self.init(
                account: account,
                openID: grant.openID,
                username: username,
                scopes: scopes,
                accessToken: SecretText(grant.accessToken.reveal()),
                refreshToken: grant.refreshToken.map { SecretText($0.reveal()) },
                accessExpiresAt: grant.accessExpiresAt(from: now),
                refreshExpiresAt: grant.refreshExpiresAt(from: now),
                dailyPostLimit: nil,
                grantedAt: now
            )
        }
    }

    /// Adds an account or replaces its connection, which becomes active.
    ///
    /// Whatever refresh of the old connection is under way finds that its row has changed, and
    /// leaves it alone.
    package func add(_ connection: Connection) async throws {
        let access = try seal(connection.accessToken)
        let refresh = try connection.refreshToken.map(seal)
        _ = try await database.execute(
            """
            INSERT INTO tiktok_accounts (
                account, open_id, username, scopes, access_token, refresh_token,
                access_expires_at, refresh_expires_at, daily_post_limit, refreshed_at)
            VALUES (
                \(connection.account), \(connection.openID), \(connection.username),
                \(connection.scopes), \(access), \(refresh), \(connection.accessExpiresAt),
                \(connection.refreshExpiresAt), \(connection.dailyPostLimit),
                \(connection.grantedAt))
            ON CONFLICT (account) DO UPDATE SET
                open_id = EXCLUDED.open_id, username = EXCLUDED.username,
                scopes = EXCLUDED.scopes, access_token = EXCLUDED.access_token,
                refresh_token = EXCLUDED.refresh_token,
                access_expires_at = EXCLUDED.access_expires_at,
                refresh_expires_at = EXCLUDED.refresh_expires_at,
                daily_post_limit =
                    coalesce(EXCLUDED.daily_post_limit, tiktok_accounts.daily_post_limit),
                status = 'active', status_reason = NULL,
                token_version = tiktok_accounts.token_version + 1,
                refreshed_at = EXCLUDED.refreshed_at, refresh_lease = NULL,
                refresh_lease_until = NULL, refresh_failure = NULL, refresh_failures = 0,
                refresh_retry_at = NULL, refresh_warned_at = NULL, updated_at = now()
            """
        )
    }

    /// Seals a plain token; one that already opens with our keys stays as it is.
    private func seal(_ token: SecretText) throws(CryptoError) -> String {
        let text = token.reveal()
        guard (try? fernet.openText(text)) == nil else { return text }
        return try fernet.seal(token)
    }
}

extension TokenGrant {
    /// TikTok's shortest life of an access token, taken where it does not say.
    ///
    /// Source: User Access Token Management, stamped 2026-11-05.
    private static let shortestLife = Duration.seconds(7200)

    func accessExpiresAt(from now: Date) -> Date {
        now + (expiresIn ?? Self.shortestLife).seconds
    }

    /// `nil` when TikTok does not say.
    func refreshExpiresAt(from now: Date) -> Date? {
        refreshExpiresIn.map { now + $0.seconds }
    }
}
