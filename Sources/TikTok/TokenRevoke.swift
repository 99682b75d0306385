extension TikTokAPI {
    /// Ends the connection: the app leaves the list of the owner's connected apps.
    ///
    /// An expired access token is reportedly refused, so refresh first; `invalid_grant` means that
    /// it is gone already. Source: Revoke a User Access Token, stamped 2026-11-02.
    package func revokeToken(
        _ token: AccessToken,
        as client: ClientCredentials
    ) async throws(TikTokError) {
        _ = try await form(
            .tokenRevoke,
            [
                ("client_key", client.key),
                ("client_secret", client.secret.reveal()),
                ("token", token.reveal()),
            ],
            hiding: [client.secret.reveal(), token.reveal()]
        )
    }
}
