internal import Crypto
internal import TikTok

/// One question to an account's owner: its secrets are made here and leave with this process.
struct Consent {
    /// For the owner's browser.
    let address: String
    let state: String
    /// Desktop apps only: TikTok documents no PKCE for web apps.
    let verifier: CodeVerifier?

    /// What comes back with the answer, and nobody can guess.
    static func makeState() throws(CryptoError) -> String { try RandomBytes.hex(32) }

    init(
        client: ClientCredentials,
        scopes: [String],
        redirect: RedirectAddress,
        state: String
    ) throws(CryptoError) {
        self.state = state
        if case .desktop = redirect.flow {
            // 64 characters: within the 43 to 128 that are allowed.
            verifier = CodeVerifier(try RandomBytes.hex(32))
        } else {
            verifier = nil
        }
        address =
            AuthorizeAddress(
                clientKey: client.key,
                scopes: scopes,
                redirectURI: redirect.text,
                state: state,
                challenge: verifier?.challenge(sha256: SHA256.digest)
            ).text
    }
}
