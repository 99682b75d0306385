internal import FoundationEssentials
internal import Postgres
internal import Telemetry
internal import TikTok

/// The part of a refresh that only the holder of the lease does: ask TikTok, keep what it gives.
///
/// What can be lost, and then:
/// - Our request, or TikTok's answer: one more call with the same refresh token. TikTok's pages do
///   not say whether it takes a token again whose answer was lost; where it does not, it says
///   `invalid_grant`, and the creator must connect the account again.
/// - The write: the tokens are held here and the write is repeated until it succeeds; the old
///   refresh token stays in the row until then. Only the end of this process loses them, and one
///   that is asked to stop waits for that.
struct LeasedRefresh: Sendable {
    let lease: TokenStore.Lease
    let store: TokenStore
    let renewal: TokenRenewal

    private var name: String { lease.row.account.name }

    /// Nobody tries again so soon when a person must mend something first.
    private static let mendingPause = Duration.seconds(300)

    /// - Returns: the account with tokens that can be used.
    func refresh() async throws(TokenTrouble) -> Account {
        guard let client = renewal.client else { throw .waits(.clientUnset) }
        guard let token = store.openRefreshToken(lease.sealedRefreshToken) else {
            try await release("token_unreadable", pause: Self.mendingPause)
            throw .waits(.tokenUnreadable)
        }
        var isRepeated = false
        while true {
            switch await ask(with: token, as: client) {
            case .success(let grant):
                return try await keep(grant, insteadOf: token)
            case .failure(let trouble) where isRepeated || !trouble.mayHaveTakenEffect:
                return try await fail(trouble, token, isRepeated: isRepeated)
            case .failure:
                isRepeated = true
                // Only cancellation throws, and nobody cancels a flight.
                try? await Task.sleep(for: renewal.timing.repeatPause)
            }
        }
    }

    private func ask(
        with token: RefreshToken,
        as client: ClientCredentials
    ) async -> Result<TokenGrant, TikTokError> {
        do throws(TikTokError) {
            return .success(try await renewal.api.refreshTokens(token, as: client))
        } catch {
            return .failure(error)
        }
    }

    // MARK: New tokens

    /// Stores the pair, however long that takes: it is the only copy.
    private func keep(
        _ grant: TokenGrant,
        insteadOf used: RefreshToken
    ) async throws(TokenTrouble) -> Account {
        let moment = Date.now
        var sealed = lease.sealedRefreshToken
        var pause = Duration.milliseconds(100)
        var isTold = false
        while true {
            do {
                let isStored = try await store.replace(sealed, of: name, with: grant, at: moment)
                guard let row = try await store.read(name) else { break }
                if isStored { tellSuccess(grant) }
                guard !isStored, let current = tokenUsed(used, in: row) else { return row.account }
                sealed = current
                continue
            } catch PostgresError.closed {
                throw .database(.closed)
            } catch {
                if !isTold {
                    renewal.tell(.error, "account.unstored", of: name, ["error": .error(error)])
                }
                isTold = true
            }
            // Only cancellation throws, and nobody cancels a flight.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
        throw .ended(.accountUnknown)
    }

    /// The refresh token that we used, where the row still holds it, sealed anew by somebody else.
    ///
    /// - Returns: `nil` when there are our new ones, or another connection's, which count more.
    private func tokenUsed(_ used: RefreshToken, in row: TokenStore.Row) -> String? {
        guard row.account.status != .revoked, let sealed = row.account.sealedRefreshToken,
            sealed != lease.sealedRefreshToken
        else { return nil }
        return store.openRefreshToken(sealed) == used ? sealed : nil
    }

    private func tellSuccess(_ grant: TokenGrant) {
        renewal.tell(
            .info,
            "account.refreshed",
            of: name,
            ["log_id": grant.logID.map { .string($0) }]
        )
    }

    // MARK: No new tokens

    /// Only TikTok's word that the connection has ended ends it; all else passes, or is the
    /// operator's to mend.
    private func fail(
        _ trouble: TikTokError,
        _ used: RefreshToken,
        isRepeated: Bool
    ) async throws(TokenTrouble) -> Account {
        let failure = Failure(trouble)
        var pause = renewal.timing.pause(afterFailures: lease.row.failures + 1)
        switch trouble.entry.treatment {
        case .reauthorise, .refreshToken:
            return try await end(failure, used, wasUnanswered: isRepeated || lease.wasInterrupted)
        case .permanent, .cancelled, .inDoubt:
            pause = Self.mendingPause
        case .retry, .startAgain, .wait:
            let asked = min(failure.retryAfter ?? .zero, TokenRenewal.Timing.longestPause)
            pause = max(pause, asked)
        }
        tell(failure)
        try await release(failure.code, pause: pause)
        throw .waits(.refreshFailed(code: failure.code, pause: pause))
    }

    private func tell(_ failure: Failure) {
        renewal.tell(
            .warning,
            "account.refresh_failed",
            of: name,
            [
                "code": .string(failure.code), "owner": .string(failure.owner.rawValue),
                "message": .string(failure.message), "action": .string(failure.action),
                "log_id": failure.logID.map { .string($0) },
            ]
        )
    }

    /// TikTok knows the refresh token no more: either somebody else has used it, and the row shows
    /// the next one, or the creator must connect the account again.
    private func end(
        _ failure: Failure,
        _ used: RefreshToken,
        wasUnanswered: Bool
    ) async throws(TokenTrouble) -> Account {
        let lost = " TikTok's answer to an earlier request for new tokens was lost."
        let reason = failure.message + (wasUnanswered ? lost : "")
        let row: TokenStore.Row?
        do throws(PostgresError) {
            row = try await store.read(name)
            if let row, isOurs(row, used), try await store.close(row, reason: reason) {
                renewal.tellEnd(of: name, because: reason)
            }
        } catch {
            throw .database(error)
        }
        guard let row else { throw .ended(.accountUnknown) }
        guard store.openRefreshToken(row.account.sealedRefreshToken ?? "") == used else {
            return row.account
        }
        // Where the lease has become another's, that one finds out.
        guard isOurs(row, used) else { throw .waits(.refreshBusy) }
        throw .waits(.accountClosed(status: "reauthorise", reason: reason))
    }

    private func isOurs(_ row: TokenStore.Row, _ used: RefreshToken) -> Bool {
        row.lease == lease.name
            && store.openRefreshToken(row.account.sealedRefreshToken ?? "") == used
    }

    private func release(_ code: String, pause: Duration) async throws(TokenTrouble) {
        do throws(PostgresError) {
            try await store.release(lease, code: code, pause: pause)
        } catch {
            // The lease ends by itself.
            throw .database(error)
        }
    }
}
