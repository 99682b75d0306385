internal import FoundationEssentials
internal import Postgres
internal import Telemetry
internal import TikTok

/// What a webhook says of a consent that has ended.
extension Accounts {
    /// Rows that may have one person's open id.
    private static let sameMax = 10

    /// What became of the accounts of somebody who is said to have left.
    struct Removal: Sendable {
        /// `false`: nobody could find out now.
        var isSettled = true
        /// Those that cannot be posted for, also where that was known before.
        var closed: [String] = []
    }

    /// Asks TikTok whether a consent has ended, and writes down why.
    ///
    /// The webhook may be days old, and its creator have connected the account again: only what
    /// TikTok answers to the stored tokens counts.
    func settleRemoval(
        of openID: String,
        because reason: RemovalReason
    ) async throws(PostgresError) -> Removal {
        let rows = try await database.query(
            """
            SELECT * FROM tiktok_accounts WHERE open_id = \(openID)
            ORDER BY account LIMIT \(Self.sameMax)
            """
        )
        var removal = Removal()
        for row in rows {
            let account = try Account(row)
            switch account.status == .active ? try await consent(to: account) : .ended {
            case .stands: continue
            case .untold: removal.isSettled = false
            case .ended:
                try await end(account.name, because: reason)
                removal.closed.append(account.name)
            }
        }
        return removal
    }

    private enum Consent {
        case stands, ended, untold
    }

    private func consent(to account: Account) async throws(PostgresError) -> Consent {
        guard let renewal = refresher.renewal else { return .untold }
        do throws(TokenTrouble) {
            let token = try await refresher.token(of: account, unlike: nil)
            do throws(TikTokError) {
                _ = try await renewal.api.userInfo(token: token)
                return .stands
            } catch {
                switch error.code {
                case .known(.accessTokenInvalid): break
                // Whoever is told that a scope is missing is known.
                case .known(.scopeNotAuthorized): return .stands
                default: return .untold
                }
            }
            // Tokens also end by themselves; a consent that stands brings the next one.
            _ = try await refresher.token(of: account, unlike: token)
            return .stands
        } catch {
            if case .database(let error) = error { throw error }
        }
        return try await find(account.name)?.status == .active ? .untold : .ended
    }

    private func end(_ name: String, because reason: RemovalReason) async throws(PostgresError) {
        let status = reason.isFinal ? Account.Status.revoked : .reauthorise
        let rows = try await database.execute(
            """
            UPDATE tiktok_accounts SET status = \(status.rawValue),
                status_reason = \(reason.words), access_token = NULL, refresh_token = NULL,
                access_expires_at = NULL, refresh_expires_at = NULL,
                token_version = token_version + 1, updated_at = now()
            WHERE account = \(name) AND status = 'reauthorise'
            """
        )
        guard rows == 1 else { return }
        refresher.renewal?.tell(
            .warning,
            "account.removed",
            of: name,
            [
                "status": .string(status.rawValue), "reason": .string(reason.words),
                "owner": .string(ErrorOwner.creator.rawValue),
            ]
        )
    }
}

extension RemovalReason {
    /// Whether somebody has ended it on purpose, so that nobody waits for it to come back.
    fileprivate var isFinal: Bool {
        switch self {
        case .disconnected, .accountDeleted, .revokedByDeveloper: true
        case .unknown, .ageChanged, .banned: false
        }
    }

    fileprivate var words: String {
        switch self {
        case .unknown: "TikTok says that the creator's consent has ended, and not why."
        case .disconnected: "The creator has taken this app off their list in TikTok."
        case .accountDeleted: "The creator has deleted their TikTok account."
        case .ageChanged: "The consent ended because the creator's age has changed at TikTok."
        case .banned: "TikTok has banned the creator's account."
        case .revokedByDeveloper: "The app itself has ended the creator's consent."
        }
    }
}
