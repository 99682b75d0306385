package import Crypto
package import EventLoop
package import FoundationEssentials
package import Postgres
internal import TikTok

/// The connected accounts: found, added, and their tokens opened as late as possible.
package struct Accounts: Sendable {
    private let database: PostgresPool
    private let fernet: Fernet
    private let lookUps: Batches<String, Result<Account?, PostgresError>>

    /// Most accounts that are looked up at once.
    private static let lookUpsMax = 256

    /// - Parameters:
    ///   - database: with the schema up to date.
    ///   - loop: the database's.
    ///   - fernet: seals and opens tokens.
    package init(database: PostgresPool, on loop: EventLoop, fernet: Fernet) {
        self.database = database
        self.fernet = fernet
        lookUps = Batches(on: loop, atMost: Self.lookUpsMax) { names in
            await Self.find(names, in: database)
        }
    }

    /// Looks an account up, together with those that others look up at the same time.
    ///
    /// - Returns: `nil` when there is none of that name.
    package func find(_ name: String) async throws(PostgresError) -> Account? {
        try await lookUps.ask(name).get()
    }

    private static func find(
        _ names: [String],
        in database: PostgresPool
    ) async -> [Result<Account?, PostgresError>] {
        do throws(PostgresError) {
            let rows = try await database.query(
                "SELECT * FROM tiktok_accounts WHERE account = ANY (\(Array(Set(names))))"
            )
            var accounts: [String: Account] = [:]
            for row in rows {
                let account = try Account(row)
                accounts[account.name] = account
            }
            return names.map { .success(accounts[$0]) }
        } catch {
            return names.map { _ in .failure(error) }
        }
    }

    /// Every account, by name; at most 10,000.
    package func all() async throws(PostgresError) -> [Account] {
        let rows = try await database.query(
            "SELECT * FROM tiktok_accounts ORDER BY account LIMIT 10000"
        )
        var accounts: [Account] = []
        for row in rows {
            accounts.append(try Account(row))
        }
        return accounts
    }

    /// The account's access token, or why there is none to post with.
    ///
    /// A token that does not decrypt is an error, never used as it is. Only a revoked connection is
    /// no reason to wait: its creator has said no.
    func token(of account: Account) throws(Stop) -> AccessToken {
        do throws(Failure) {
            return try openToken(of: account)
        } catch {
            throw account.status == .revoked ? .refused(error) : .accountClosed(error)
        }
    }

    private func openToken(of account: Account) throws(Failure) -> AccessToken {
        guard account.status == .active else {
            throw .accountClosed(status: account.status.rawValue, reason: account.statusReason)
        }
        guard let sealed = account.sealedAccessToken else { throw .tokenMissing }
        if let end = account.accessExpiresAt, end <= .now { throw .tokenExpired }
        guard let opened = try? fernet.openText(sealed),  // every failure is one and the same
            let token = AccessToken(opened.reveal())
        else { throw .tokenUnreadable }
        return token
    }

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

        package init(
            account: String,
            openID: String?,
            username: String?,
            scopes: [String],
            accessToken: SecretText,
            refreshToken: SecretText?,
            accessExpiresAt: Date?,
            refreshExpiresAt: Date?,
            dailyPostLimit: Int?
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
        }
    }

    /// Adds an account or replaces its connection, which becomes active.
    package func add(_ connection: Connection) async throws {
        let access = try seal(connection.accessToken)
        let refresh = try connection.refreshToken.map(seal)
        _ = try await database.execute(
            """
            INSERT INTO tiktok_accounts (
                account, open_id, username, scopes, access_token, refresh_token,
                access_expires_at, refresh_expires_at, daily_post_limit)
            VALUES (
                \(connection.account), \(connection.openID), \(connection.username),
                \(connection.scopes), \(access), \(refresh), \(connection.accessExpiresAt),
                \(connection.refreshExpiresAt), \(connection.dailyPostLimit))
            ON CONFLICT (account) DO UPDATE SET
                open_id = EXCLUDED.open_id, username = EXCLUDED.username,
                scopes = EXCLUDED.scopes, access_token = EXCLUDED.access_token,
                refresh_token = EXCLUDED.refresh_token,
                access_expires_at = EXCLUDED.access_expires_at,
                refresh_expires_at = EXCLUDED.refresh_expires_at,
                daily_post_limit =
                    coalesce(EXCLUDED.daily_post_limit, tiktok_accounts.daily_post_limit),
                status = 'active', status_reason = NULL,
                token_version = tiktok_accounts.token_version + 1, updated_at = now()
            """
        )
    }

    /// Whether the stored token opens with a key we have; for `accounts list` and `doctor`.
    package func opens(_ account: Account) -> Bool {
        account.sealedAccessToken.map { (try? fernet.openText($0)) != nil } ?? false
    }

    /// Seals a plain token; one that already opens with our keys stays as it is.
    private func seal(_ token: SecretText) throws(CryptoError) -> String {
        let text = token.reveal()
        guard (try? fernet.openText(text)) == nil else { return text }
        return try fernet.seal(token)
    }
}
