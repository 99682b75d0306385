internal import FoundationEssentials
internal import Postgres
internal import TikTok

/// One flight: from the row as it is to a row with a token that can be used.
struct RefreshFlight: Sendable {
    private let account: String
    private let refused: AccessToken?
    private let store: TokenStore
    private let renewal: TokenRenewal?

    /// Between two looks at a row that another process is about to change.
    private static let lookPause = Duration.milliseconds(250)

    /// - Parameter refused: a token that TikTok has refused.
    init(account: String, refused: AccessToken?, of refresher: TokenRefresher) {
        self.account = account
        self.refused = refused
        store = refresher.store
        renewal = refresher.renewal
    }

    func run() async -> TokenRefresher.Answer {
        do throws(TokenTrouble) {
            return .success(try await attempt())
        } catch {
            return .failure(error)
        }
    }

    /// Looks until there is a token, or the right to get one, or no patience left.
    private func attempt() async throws(TokenTrouble) -> Account {
        let deadline = ContinuousClock.now + (renewal?.timing.patience ?? .zero)
        while true {
            let row = try await read()
            let standing = try TokenStanding(of: row.account, in: store, unlike: refused)
            if case .usable = standing { return row.account }
            // What stands in the way of a refresh does not matter while the old token lives.
            if standing.liveToken != nil, !mayRefresh(row) { return row.account }
            let renewal = try await permit(row)
            if !row.isLeased, let lease = try await take(row, renewal) {
                return try await LeasedRefresh(lease: lease, store: store, renewal: renewal)
                    .refresh()
            }
            guard standing.liveToken == nil else { return row.account }
            guard ContinuousClock.now < deadline else { throw .waits(.refreshBusy) }
            // Only cancellation throws, and nobody cancels a flight.
            try? await Task.sleep(for: Self.lookPause * Double.random(in: 0.8..<1.6))
        }
    }

    private func mayRefresh(_ row: TokenStore.Row) -> Bool {
        renewal?.client != nil && row.account.hasRefreshToken && row.pause == .zero
            && !row.isLeased
    }

    /// Throws where a refresh is out of the question now.
    private func permit(_ row: TokenStore.Row) async throws(TokenTrouble) -> TokenRenewal {
        guard row.account.hasRefreshToken else { throw await closed(row) }
        guard let renewal, renewal.client != nil else { throw .waits(.clientUnset) }
        if refused != nil, row.isJustRefreshed { throw .waits(.freshTokenRefused) }
        guard row.pause == .zero else {
            let code = row.account.refreshFailure ?? "unreachable"
            throw .waits(.refreshFailed(code: code, pause: row.pause))
        }
        return renewal
    }

    /// Without a refresh token an access token that has ended is the end of the connection.
    private func closed(_ row: TokenStore.Row) async -> TokenTrouble {
        let reason =
            refused == nil
            ? "The access token has ended, and there is no refresh token."
            : "TikTok no longer accepts the access token, and there is no refresh token."
        do throws(PostgresError) {
            if try await store.close(row, reason: reason) {
                renewal?.tellEnd(of: account, because: reason)
            }
        } catch {
            return .database(error)
        }
        return .waits(.accountClosed(status: "reauthorise", reason: reason))
    }

    // MARK: The row

    private func read() async throws(TokenTrouble) -> TokenStore.Row {
        let row: TokenStore.Row?
        do throws(PostgresError) {
            row = try await store.read(account)
        } catch {
            throw .database(error)
        }
        guard let row else { throw .ended(.accountUnknown) }
        return row
    }

    private func take(
        _ row: TokenStore.Row,
        _ renewal: TokenRenewal
    ) async throws(TokenTrouble) -> TokenStore.Lease? {
        do {
            return try await store.take(row, for: renewal.timing.lease)
        } catch {
            throw .database(error)
        }
    }
}
