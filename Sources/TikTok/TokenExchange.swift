internal import JSON

/// Tokens fresh from TikTok.
///
/// Store the pair before using it: the old refresh token may be dead.
package struct TokenGrant: Sendable, Equatable {
    package let accessToken: AccessToken
    /// `nil` when a refresh brings none: then the old one stays.
    package let refreshToken: RefreshToken?
    /// The person, as this app knows them; private, not for logs.
    package let openID: String?
    /// What the owner agreed to, perhaps less than was asked.
    package let scopes: [String]
    /// Lifetime of the access token.
    ///
    /// Two hours by the pages stamped 2026-11-02, a day by the older
    /// ones; `nil` when TikTok does not say, then treat it as short.
    package let expiresIn: Duration?
    /// Lifetime of the refresh token: 180 days by the pages stamped 2026-11-02, a year before.
    package let refreshExpiresIn: Duration?
    package let logID: String?

    /// - Throws: `.unreadable` when there is no access token.
    init(_ reply: OAuthReply) throws(TikTokError) {
        let members = reply.members
        guard let access = members["access_token"]?.string.flatMap({ AccessToken($0) }) else {
            throw reply.unreadable("no access_token")
        }
        accessToken = access
        refreshToken = members["refresh_token"]?.string.flatMap { RefreshToken($0) }
        openID = members["open_id"]?.someText
        scopes = (members["scope"]?.string ?? "").split { $0 == "," || $0 == " " }.map(String.init)
        expiresIn = Self.lifetime(members["expires_in"])
        refreshExpiresIn = Self.lifetime(members["refresh_expires_in"])
        logID = reply.logID
    }

    /// Zero to ten years, so that adding it to a date cannot overflow.
    private static func lifetime(_ value: JSONValue?) -> Duration? {
        value?.wholeNumber.map { .seconds(min(max($0, 0), 10 * 366 * 86400)) }
    }
}

extension TikTokAPI {
    /// Buys the first tokens with the code from the consent page; the code works once.
    ///
    /// The redirect address is exactly the one of the consent address. Only desktop apps have a
    /// verifier.
    package func exchangeCode(
        _ code: AuthorizationCode,
        redirectURI: String,
        verifier: CodeVerifier? = nil,
        as client: ClientCredentials
    ) async throws(TikTokError) -> TokenGrant {
        var pairs = [
            ("client_key", client.key),
            ("client_secret", client.secret.reveal()),
            ("code", code.reveal()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirectURI),
        ]
        var secrets = [client.secret.reveal(), code.reveal()]
        if let verifier {
            pairs.append(("code_verifier", verifier.reveal()))
            secrets.append(verifier.reveal())
        }
        return try TokenGrant(try await form(.tokenExchange, pairs, hiding: secrets))
    }
}
