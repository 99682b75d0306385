extension TikTokAPI {
    /// Buys a new pair of tokens.
    ///
    /// Since November 2026 TikTok's pages say that the refresh token used here is dead afterwards
    /// (Refresh a User Access Token, stamped 2026-11-02): one refresh at a time for an account.
    /// When the answer is lost, one more try with the same token is all that is left.
    package func refreshTokens(
        _ token: RefreshToken,
        as client: ClientCredentials
    ) async throws(TikTokError) -> TokenGrant {
        let reply = try await form(
            .tokenRefresh,
            [
                ("client_key", client.key),
                ("client_secret", client.secret.reveal()),
                ("grant_type", "refresh_token"),
                ("refresh_token", token.reveal()),
            ],
            hiding: [client.secret.reveal(), token.reveal()]
        )
        return try TokenGrant(reply)
    }
}
