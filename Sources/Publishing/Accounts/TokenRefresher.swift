internal import EventLoop
internal import FoundationEssentials
internal import Postgres
internal import TikTok

/// Gets new tokens for accounts: one refresh at a time for each, however many ask and wherever.
///
/// In this process all who ask for the same account share one flight; among processes a lease in
/// the account's row lets one of them call TikTok, and the others read what it stored.
actor TokenRefresher {
    private let loop: EventLoop
    nonisolated let store: TokenStore
    nonisolated let renewal: TokenRenewal?
    private var flights: [String: [Int: CheckedContinuation<Answer?, Never>]] = [:]
    private var lastWaiter = 0

    typealias Answer = Result<Account, TokenTrouble>

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(on loop: EventLoop, store: TokenStore, renewal: TokenRenewal?) {
        self.loop = loop
        self.store = store
        self.renewal = renewal
    }

    /// A token to post with: the stored one, or a new one where that is due.
    ///
    /// Trouble with the refresh is no trouble while the old token lives.
    nonisolated func token(
        of account: Account,
        unlike refused: AccessToken?
    ) async throws(TokenTrouble) -> AccessToken {
        var known = refused == nil ? account : nil
        // A flight that others began may not know of the refused token: the next one does.
        for round in 1...3 {
            let standing = try known.map { account throws(TokenTrouble) in
                try TokenStanding(of: account, in: store, unlike: refused)
            }
            if case .usable(let token) = standing { return token }
            if let live = standing?.liveToken {
                guard round == 1, known?.mayRefresh == true, let timing = patientTiming else {
                    return live
                }
                let answer = await fly(account.name, unlike: refused, atMost: timing.courtesy)
                guard case .success(let found) = answer else { return live }
                known = found
            } else {
                let timing = renewal?.timing ?? TokenRenewal.Timing()
                let answer = await fly(account.name, unlike: refused, atMost: timing.patience)
                guard let answer else { throw .waits(.refreshBusy) }
                known = try answer.get()
            }
        }
        throw .waits(.refreshBusy)
    }

    /// `nil` where nothing can be refreshed.
    private nonisolated var patientTiming: TokenRenewal.Timing? {
        renewal?.client == nil ? nil : renewal?.timing
    }

    /// Waits for the flights under way, so that no tokens are lost with this process.
    func settle(atMost limit: Duration) async {
        let end = ContinuousClock.now + limit
        for account in flights.keys {
            _ = await join(account, atMost: ContinuousClock.now.duration(to: end))
        }
    }

    // MARK: Flights

    /// - Returns: `nil` when it takes longer than `limit`; it goes on all the same.
    private func fly(
        _ account: String,
        unlike refused: AccessToken?,
        atMost limit: Duration
    ) async -> Answer? {
        if flights[account] == nil {
            flights[account] = [:]
            // Not a part of the caller: TikTok's answer is kept even when nobody waits for it any
            // more, because the old refresh token may be dead by then.
            Task {
                let flight = RefreshFlight(account: account, refused: refused, of: self)
                self.land(account, await flight.run())
            }
        }
        return await join(account, atMost: limit)
    }

    private func join(_ account: String, atMost limit: Duration) async -> Answer? {
        guard flights[account] != nil else { return nil }
        lastWaiter += 1
        let number = lastWaiter
        let timer = loop.schedule(after: limit) {
            self.assumeIsolated { $0.leave(account, number) }
        }
        defer { loop.cancel(timer) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { flights[account]?[number] = $0 }
        } onCancel: {
            Task { await self.leave(account, number) }
        }
    }

    private func leave(_ account: String, _ waiter: Int) {
        flights[account]?.removeValue(forKey: waiter)?.resume(returning: nil)
    }

    private func land(_ account: String, _ answer: Answer) {
        for waiter in flights.removeValue(forKey: account)?.values ?? [:].values {
            waiter.resume(returning: answer)
        }
    }
}

extension Account {
    /// Whether a refresh may be tried already, by this machine's clock; the row's word counts.
    fileprivate var mayRefresh: Bool {
        hasRefreshToken && (refreshRetryAt.map { $0 <= .now } ?? true)
    }
}
