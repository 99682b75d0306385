internal import FoundationEssentials
internal import Postgres
internal import Telemetry

/// Looks after connections that no job uses: refreshes them once a day, so that an end is noticed
/// before the next post needs them, and warns long before a refresh token ends.
///
/// Every worker has one. The lease of each refresh, and the mark of each warning, let one of them
/// win.
package struct AccountKeeper: Sendable {
    private let accounts: Accounts
    private let pause: Duration

    /// Accounts refreshed in one round; the others' turn comes with the next.
    private static let roundMax = 100
    /// Refreshes at once.
    private static let width = 4

    /// - Parameter pause: between two rounds.
    package init(_ accounts: Accounts, pause: Duration = .seconds(300)) {
        self.accounts = accounts
        self.pause = pause
    }

    /// Runs until cancelled.
    package func run() async {
        while !Task.isCancelled {
            await round()
            // Workers that started together spread; only cancellation throws, and ends the loop.
            try? await Task.sleep(for: pause * Double.random(in: 0.8..<1.2))
        }
    }

    /// One round; what fails is told by the refresh itself, or tried again with the next round.
    package func round() async {
        do throws(PostgresError) {
            try await warn()
            try await refresh()
        } catch {
            // PostgreSQL is away, and the worker has told so already.
        }
    }

    // MARK: Refreshing

    private func refresh() async throws(PostgresError) {
        guard accounts.refresher.renewal?.client != nil else { return }
        let idle = try await idleAccounts()
        await withTaskGroup(of: Void.self) { group in
            for (index, account) in idle.enumerated() {
                if index >= Self.width { await group.next() }
                group.addTask { await renew(account) }
            }
        }
    }

    /// Whose access token has ended or soon will, and that nobody has refreshed for most of a day.
    private func idleAccounts() async throws(PostgresError) -> [Account] {
        let rows = try await accounts.database.query(
            """
            SELECT * FROM tiktok_accounts
            WHERE status = 'active' AND refresh_token IS NOT NULL
              AND coalesce(refreshed_at, created_at) < now() - interval '20 hours'
              AND (access_expires_at IS NULL OR access_expires_at < now() + interval '10 minutes')
              AND (refresh_retry_at IS NULL OR refresh_retry_at < now())
              AND (refresh_lease_until IS NULL OR refresh_lease_until < now())
            ORDER BY coalesce(refreshed_at, created_at) LIMIT \(Self.roundMax)
            """
        )
        // A row that cannot be read is shown by `accounts list`, and keeps no other from its turn.
        return rows.compactMap { try? Account($0) }
    }

    private func renew(_ account: Account) async {
        // The stored token counts as refused: of an account whose end nobody knows, too.
        let stored = try? TokenStanding(of: account, in: accounts.refresher.store, unlike: nil)
        // Every trouble is told where it is met.
        _ = try? await accounts.refresher.token(of: account, unlike: stored?.liveToken)
    }

    // MARK: Warning

    /// Once a day for each account whose refresh token ends soon.
    private func warn() async throws(PostgresError) {
        guard let renewal = accounts.refresher.renewal else { return }
        let notice = AccountReview.refreshEndNotice.seconds
        let rows = try await accounts.database.query(
            """
            UPDATE tiktok_accounts SET refresh_warned_at = now()
            WHERE status = 'active' AND refresh_token IS NOT NULL
              AND refresh_expires_at < now() + \(notice)::float8 * interval '1 second'
              AND (refresh_warned_at IS NULL OR refresh_warned_at < now() - interval '1 day')
            RETURNING account, extract(epoch FROM refresh_expires_at - now())::float8 AS left
            """
        )
        for row in rows {
            renewal.tell(
                .warning,
                "account.refresh_token_ends",
                of: try row.text("account"),
                [
                    "owner": "creator",
                    "after": .duration(.seconds(max(0, try row.double("left")))),
                    "action": "Ask the creator to connect the account again.",
                ]
            )
        }
    }
}
