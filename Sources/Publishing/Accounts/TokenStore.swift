internal import Crypto
internal import FoundationEssentials
internal import Postgres
internal import TikTok

/// The token columns of `tiktok_accounts`: who may refresh, what was had, what went wrong.
///
/// PostgreSQL's clock decides when a lease or a pause ends, so that workers agree. Every write
/// names the sealed tokens it has seen: whoever else has changed them in the meantime, an operator,
/// an upstream app or a rotation of keys, is never overwritten unseen.
struct TokenStore: Sendable {
    let database: PostgresPool
    let fernet: Fernet

    /// An account as a refresh sees it.
    struct Row: Sendable {
        let account: Account
        let version: Int64
        let lease: String?
        let isLeased: Bool
        /// How long no refresh is tried, because the last one failed.
        let pause: Duration
        let failures: Int
        /// Whether its tokens came from TikTok within the last minute.
        let isJustRefreshed: Bool
    }

    /// The right to refresh one account, for a while.
    struct Lease: Sendable {
        let row: Row
        let name: String
        let sealedRefreshToken: String
        /// Whether another one began a refresh and was never heard of again.
        let wasInterrupted: Bool
    }

    func read(_ account: String) async throws(PostgresError) -> Row? {
        let rows = try await database.query(
            """
            SELECT *,
                refresh_lease_until > clock_timestamp() AS is_leased,
                greatest(0, extract(epoch FROM refresh_retry_at - clock_timestamp()))::float8
                    AS pause,
                refreshed_at > clock_timestamp() - interval '60 seconds' AS is_just_refreshed
            FROM tiktok_accounts WHERE account = \(account)
            """
        )
        guard let row = rows.first else { return nil }
        return Row(
            account: try Account(row),
            version: try row.int64("token_version"),
            lease: try row.textIfAny("refresh_lease"),
            isLeased: try row.boolIfAny("is_leased") ?? false,
            pause: .seconds(try row.doubleIfAny("pause") ?? 0),
            failures: try row.int("refresh_failures"),
            isJustRefreshed: try row.boolIfAny("is_just_refreshed") ?? false
        )
    }

    /// Takes the right to refresh.
    ///
    /// - Returns: `nil` when somebody else has it, or the row is no longer as it was read.
    func take(_ row: Row, for duration: Duration) async throws(PostgresError) -> Lease? {
        guard let sealed = row.account.sealedRefreshToken else { return nil }
        let name = String(UInt64.random(in: 0 ... .max), radix: 36)
        let taken = try await database.execute(
            """
            UPDATE tiktok_accounts SET refresh_lease = \(name), refresh_lease_until =
                clock_timestamp() + \(duration.seconds)::float8 * interval '1 second'
            WHERE account = \(row.account.name) AND status = 'active'
              AND token_version = \(row.version) AND refresh_token = \(sealed)
              AND access_token IS NOT DISTINCT FROM \(row.account.sealedAccessToken)
              AND refresh_lease IS NOT DISTINCT FROM \(row.lease)
              AND (refresh_lease_until IS NULL OR refresh_lease_until <= clock_timestamp())
            """
        )
        guard taken == 1 else { return nil }
        return Lease(
            row: row,
            name: name,
            sealedRefreshToken: sealed,
            wasInterrupted: row.lease != nil
        )
    }

    /// Puts new tokens in the place of the refresh token `sealed`, whoever has the lease by now.
    ///
    /// Tokens fresh from TikTok also undo that another worker, with the old one, found the
    /// connection ended.
    ///
    /// - Parameter moment: when TikTok handed them out.
    /// - Returns: whether that token was still there.
    func replace(
        _ sealed: String,
        of account: String,
        with grant: TokenGrant,
        at moment: Date
    ) async throws -> Bool {
        let access = try fernet.seal(SecretText(grant.accessToken.reveal()))
        let refresh = try grant.refreshToken.map { token in
            try fernet.seal(SecretText(token.reveal()))
        }
        let scopes = grant.scopes.isEmpty ? nil : grant.scopes
        return try await database.execute(
            """
            UPDATE tiktok_accounts SET
                access_token = \(access), refresh_token = coalesce(\(refresh), refresh_token),
                access_expires_at = \(grant.accessExpiresAt(from: moment)),
                refresh_expires_at =
                    coalesce(\(grant.refreshExpiresAt(from: moment)), refresh_expires_at),
                scopes = coalesce(\(scopes)::text[], scopes),
                open_id = coalesce(open_id, \(grant.openID)),
                status = 'active', status_reason = NULL, token_version = token_version + 1,
                refreshed_at = clock_timestamp(), refresh_lease = NULL, refresh_lease_until = NULL,
                refresh_failure = NULL, refresh_failures = 0, refresh_retry_at = NULL,
                updated_at = now()
            WHERE account = \(account) AND refresh_token = \(sealed) AND status <> 'revoked'
            """
        ) == 1
    }

    /// Gives the right back; nobody tries again for a while.
    func release(
        _ lease: Lease,
        code: String,
        pause: Duration
    ) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE tiktok_accounts SET refresh_lease = NULL, refresh_lease_until = NULL,
                refresh_failure = \(code), refresh_failures = refresh_failures + 1,
                refresh_retry_at =
                    clock_timestamp() + \(pause.seconds)::float8 * interval '1 second'
            WHERE account = \(lease.row.account.name) AND refresh_lease = \(lease.name)
            """
        )
    }

    /// Writes that only the creator can go on, and why.
    ///
    /// - Returns: whether the row was still as it was read.
    func close(_ row: Row, reason: String) async throws(PostgresError) -> Bool {
        try await database.execute(
            """
            UPDATE tiktok_accounts SET status = 'reauthorise', status_reason = \(reason),
                refresh_lease = NULL, refresh_lease_until = NULL, updated_at = now()
            WHERE account = \(row.account.name) AND status = 'active'
              AND token_version = \(row.version)
              AND refresh_token IS NOT DISTINCT FROM \(row.account.sealedRefreshToken)
            """
        ) == 1
    }

    func openRefreshToken(_ sealed: String) -> RefreshToken? {
        // Every failure is one and the same.
        (try? fernet.openText(sealed)).flatMap { RefreshToken($0.reveal()) }
    }
}
