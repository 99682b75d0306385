internal import Crypto
internal import FoundationEssentials
package import Postgres
package import TikTok

/// The end of a connection.
extension Accounts {
    /// What became of the consent at TikTok.
    package enum Revocation: Sendable {
        /// TikTok has removed the app from the creator's list.
        case told
        /// TikTok says that there was no connection any more.
        case wasGone
        /// There was no token left to tell TikTok with.
        case untold
    }

    /// Why a connection could not be revoked; nothing has changed.
    package enum RevocationError: Error, CustomStringConvertible {
        case clientUnset
        case tiktok(TikTokError)
        case database(PostgresError)

        package var description: String {
            switch self {
            case .clientUnset:
                "TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET must be set to revoke a connection"
            case .tiktok(let error): "\(error)"
            case .database(let error): "\(error)"
            }
        }
    }

    /// Ends a connection at TikTok first, then here; its tokens are deleted.
    ///
    /// TikTok refuses a revocation with a token that has ended (seen in public code), so the token
    /// is refreshed first where that is due.
    package func revoke(
        _ account: Account,
        reason: String
    ) async throws(RevocationError) -> Revocation {
        guard let renewal = refresher.renewal, let client = renewal.client else {
            throw .clientUnset
        }
        var end = Revocation.untold
        if let token = try await lastToken(of: account) {
            do throws(TikTokError) {
                try await renewal.api.revokeToken(token, as: client)
                end = .told
            } catch {
                switch error.code {
                case .known(.invalidGrant), .known(.accessTokenInvalid): end = .wasGone
                default: throw .tiktok(error)
                }
            }
        }
        do throws(PostgresError) {
            try await markRevoked(account.name, reason: reason)
        } catch {
            throw .database(error)
        }
        return end
    }

    /// A live token where one can be had; else the stored one, whatever it is still worth.
    private func lastToken(of account: Account) async throws(RevocationError) -> AccessToken? {
        do throws(TokenTrouble) {
            return try await refresher.token(of: account, unlike: nil)
        } catch {
            if case .database(let error) = error { throw .database(error) }
            let opened = account.sealedAccessToken.flatMap { try? fernet.openText($0) }
            return opened.flatMap { AccessToken($0.reveal()) }
        }
    }

    private func markRevoked(_ name: String, reason: String) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE tiktok_accounts SET status = 'revoked', status_reason = \(reason),
                access_token = NULL, refresh_token = NULL, access_expires_at = NULL,
                refresh_expires_at = NULL, token_version = token_version + 1,
                refresh_lease = NULL, refresh_lease_until = NULL, refresh_failure = NULL,
                refresh_failures = 0, refresh_retry_at = NULL, updated_at = now()
            WHERE account = \(name)
            """
        )
    }

    /// Deletes the row; its jobs then fail as of an unknown account.
    ///
    /// - Parameter evenActive: also when the creator's consent stands at TikTok still.
    /// - Returns: whether there was such a row.
    package func remove(_ name: String, evenActive: Bool) async throws(PostgresError) -> Bool {
        try await database.execute(
            """
            DELETE FROM tiktok_accounts
            WHERE account = \(name) AND (status = 'revoked' OR \(evenActive)::boolean)
            """
        ) == 1
    }
}
