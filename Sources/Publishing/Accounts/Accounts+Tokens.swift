package import TikTok

/// What a job asks for.
extension Accounts {
    /// A token to post with: the stored one, or a new one where TikTok's has ended or soon will.
    ///
    /// Waits a moment at most. A refresh that fails is no trouble while the stored token lives.
    ///
    /// - Throws: `.accountClosed` when the account's jobs must wait: for a person, or for TikTok's
    ///   token service; `.refused` when the creator has revoked the connection; `.databaseAway`.
    package func freshToken(of account: Account) async throws(Stop) -> AccessToken {
        do {
            return try await refresher.token(of: account, unlike: nil)
        } catch {
            throw Stop(error)
        }
    }

    /// Another token than the one TikTok has just refused: the one somebody else got meanwhile, or
    /// a new one.
    ///
    /// - Throws: as `freshToken`.
    package func replaceToken(
        of account: Account,
        afterRefusalOf refused: AccessToken
    ) async throws(Stop) -> AccessToken {
        do {
            return try await refresher.token(of: account, unlike: refused)
        } catch {
            throw Stop(error)
        }
    }

    /// For people at the command line: sees to it that the account has a live token.
    package func renew(_ account: Account) async throws(TokenTrouble) -> AccessToken {
        try await refresher.token(of: account, unlike: nil)
    }

    /// Waits for refreshes under way, so that the end of this process loses no tokens.
    package func settle(atMost limit: Duration) async {
        await refresher.settle(atMost: limit)
    }
}
