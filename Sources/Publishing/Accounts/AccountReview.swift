package import FoundationEssentials
package import TikTok

/// Pure: what is wrong with a connection, or soon will be, and who can mend it.
package struct AccountReview: Sendable {
    package struct Finding: Sendable, Equatable {
        /// Whether posts fail or wait for it now; otherwise they will, or may.
        package let isWrong: Bool
        package let code: String
        package let owner: ErrorOwner
        package let message: String
        package let action: String
    }

    package private(set) var findings: [Finding] = []

    package var isWrong: Bool { findings.contains(where: \.isWrong) }

    /// Refresh tokens that end sooner are told of, so that there is time to ask the creator.
    ///
    /// They live 180 days by the pages stamped 2026-11-02; whether a refresh prolongs that is not
    /// said.
    package static let refreshEndNotice = Duration.seconds(30 * 86_400)

    private static let reconnect =
        "Connect the account again with `tiktok-publisher accounts authorize`."

    /// - Parameters:
    ///   - opens: whether its stored tokens open with our keys.
    ///   - canRefresh: whether the app's key and secret are set.
    package init(_ account: Account, opens: Bool, canRefresh: Bool, now: Date = .now) {
        guard account.status == .active else {
            let reason = account.statusReason.map { ": \($0)" } ?? "."
            add(
                true,
                "account_\(account.status.rawValue)",
                .creator,
                "The connection is \(account.status.rawValue)\(reason)",
                Self.reconnect
            )
            return
        }
        reviewTokens(account, opens: opens, canRefresh: canRefresh, now: now)
        reviewRefreshToken(account, now: now)
        reviewScopes(account)
    }

    private mutating func reviewTokens(
        _ account: Account,
        opens: Bool,
        canRefresh: Bool,
        now: Date
    ) {
        let isOver = account.sealedAccessToken == nil || account.life(at: now) == .over
        if account.sealedAccessToken == nil, !account.hasRefreshToken {
            add(.tokenMissing)
        } else if !opens {
            add(.tokenUnreadable)
        } else if !account.hasRefreshToken {
            let end = account.accessExpiresAt.map { " at \($0.formatted(.iso8601))" } ?? ""
            add(
                isOver,
                "refresh_token_missing",
                .creator,
                "There is no refresh token: the connection ends with its access token\(end).",
                Self.reconnect
            )
        } else if !canRefresh {
            add(
                isOver,
                "tiktok_client_unset",
                .operator,
                "TIKTOK_CLIENT_KEY or TIKTOK_CLIENT_SECRET is not set: no new tokens can be had.",
                "Set both and restart the workers."
            )
        } else if let code = account.refreshFailure {
            let entry = ErrorCatalogue.entry(for: TikTokErrorCode(code), httpStatus: nil)
            let message = "The last refresh failed: \(entry.message)"
            add(isOver, code, entry.owner, message, entry.action)
        }
    }

    private mutating func reviewRefreshToken(_ account: Account, now: Date) {
        guard account.hasRefreshToken, let end = account.refreshExpiresAt,
            end < now + Self.refreshEndNotice.seconds
        else { return }
        add(
            end <= now,
            "refresh_token_ends",
            .creator,
            "The refresh token \(end <= now ? "ended" : "ends") at \(end.formatted(.iso8601)).",
            Self.reconnect
        )
    }

    private mutating func reviewScopes(_ account: Account) {
        let granted = Set(account.scopes)
        guard !granted.isEmpty else {
            add(
                false,
                "scopes_unknown",
                .operator,
                "Nobody knows which permissions the creator gave.",
                "Connect the account with `tiktok-publisher accounts authorize`, or name its "
                    + "scopes with `accounts add`."
            )
            return
        }
        for scope in Scopes.asked where !granted.contains(scope) {
            guard let failure = Failure.scopeMissing(scope) else { continue }
            add(
                Scopes.posting.isDisjoint(with: granted) && Scopes.posting.contains(scope),
                failure
            )
        }
    }

    private mutating func add(_ failure: Failure) {
        add(true, failure)
    }

    private mutating func add(_ isWrong: Bool, _ failure: Failure) {
        add(isWrong, failure.code, failure.owner, failure.message, failure.action)
    }

    private mutating func add(
        _ isWrong: Bool,
        _ code: String,
        _ owner: ErrorOwner,
        _ message: String,
        _ action: String
    ) {
        findings.append(
            Finding(isWrong: isWrong, code: code, owner: owner, message: message, action: action)
        )
    }
}
