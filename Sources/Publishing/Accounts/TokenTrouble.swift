package import Postgres
internal import TikTok

/// Why there is no token to post with.
package enum TokenTrouble: Error, Sendable {
    /// It passes, or somebody must mend the connection first: the account's jobs wait.
    case waits(Failure)
    /// There is nothing to wait for.
    case ended(Failure)
    /// PostgreSQL could not be asked.
    case database(PostgresError)

    /// For people who asked from the command line.
    package var failure: Failure? {
        switch self {
        case .waits(let failure), .ended(let failure): failure
        case .database: nil
        }
    }
}

extension TokenTrouble: CustomStringConvertible {
    package var description: String {
        switch self {
        case .waits(let failure), .ended(let failure): "\(failure.message) \(failure.action)"
        case .database(let error): "\(error)"
        }
    }
}

extension Stop {
    init(_ trouble: TokenTrouble) {
        self =
            switch trouble {
            case .waits(let failure): .accountClosed(failure)
            case .ended(let failure): .refused(failure)
            case .database(let error): Stop(HistoryError(error))
            }
    }
}

/// Troubles with tokens that are found here: one entry a code.
extension Failure {
    static let refreshBusy = Failure(
        "token_refresh_busy",
        .operator,
        "The access token has ended, and another worker is getting a new one.",
        action: "Nothing; it goes on by itself.",
        retryAfter: .seconds(5)
    )

    static let clientUnset = Failure(
        "tiktok_client_unset",
        .operator,
        "The access token has ended, and a new one cannot be had: TIKTOK_CLIENT_KEY or "
            + "TIKTOK_CLIENT_SECRET is not set.",
        action: "Set both and restart the workers; the account's jobs wait for that."
    )

    /// A token that TikTok handed out a moment ago is refused: asking for the next one at once
    /// would burn refresh tokens for nothing.
    static let freshTokenRefused = Failure(
        "access_token_invalid",
        .creator,
        "TikTok does not accept the account's access token, although it is new.",
        action: "Nothing yet, it is tried again; connect the account again if this lasts."
    )

    /// What the last refresh, perhaps another worker's, met with.
    static func refreshFailed(code: String, pause: Duration) -> Failure {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode(code), httpStatus: nil)
        return Failure(
            code,
            entry.owner,
            "The access token has ended, and there is no new one: \(entry.message)",
            action: entry.action,
            retryAfter: pause
        )
    }
}
