/// The consent page's address, to be opened by the owner of the account.
///
/// Source: Login Kit for Web and for Desktop, undated copies.
package struct AuthorizeAddress: Sendable {
    package var clientKey: String
    /// Asked for; the owner may grant fewer.
    package var scopes: [String]
    /// Exactly as registered with TikTok.
    package var redirectURI: String
    /// Unguessable, used once; comes back with the code.
    package var state: String
    /// Desktop apps need one, web apps have none.
    package var challenge: CodeChallenge?
    /// True shows the page even to somebody who agreed before; for web apps only.
    package var alwaysAsks: Bool?

    package init(
        clientKey: String,
        scopes: [String],
        redirectURI: String,
        state: String,
        challenge: CodeChallenge? = nil,
        alwaysAsks: Bool? = nil
    ) {
        self.clientKey = clientKey
        self.scopes = scopes
        self.redirectURI = redirectURI
        self.state = state
        self.challenge = challenge
        self.alwaysAsks = alwaysAsks
    }

    package var text: String {
        var pairs = [
            ("client_key", clientKey),
            ("response_type", "code"),
            ("scope", scopes.joined(separator: ",")),
            ("redirect_uri", redirectURI),
            ("state", state),
        ]
        if let alwaysAsks { pairs.append(("disable_auto_auth", alwaysAsks ? "1" : "0")) }
        if let challenge {
            pairs.append(("code_challenge", challenge.text))
            pairs.append(("code_challenge_method", "S256"))
        }
        return "https://www.tiktok.com/v2/auth/authorize/?" + formEncoded(pairs)
    }
}

/// The secret of one consent: 43–128 of `A–Z a–z 0–9 - . _ ~`.
package struct CodeVerifier: Sendable, Equatable, NeverPrinted {
    package static let printedName = "CodeVerifier"

    private let text: String

    /// - Returns: `nil` when length or alphabet is wrong.
    package init?(_ text: String) {
        // The alphabet is what percent encoding leaves alone.
        guard (43...128).contains(text.utf8.count), text.percentEncoded == text else { return nil }
        self.text = text
    }

    /// The verifier itself, for the exchange and for hashing.
    package func reveal() -> String { text }

    /// What goes on the consent address, by a function that hashes bytes into 32 bytes.
    package func challenge(sha256: ([UInt8]) -> [UInt8]) -> CodeChallenge? {
        CodeChallenge(digest: sha256(Array(text.utf8)))
    }
}

/// A SHA-256 in lower-case hexadecimal: TikTok's own way, not the base64url of RFC 7636, with which
/// consent works and the exchange fails.
package struct CodeChallenge: Sendable, Equatable {
    package let text: String

    /// - Returns: `nil` unless the digest has 32 bytes.
    package init?(digest: [UInt8]) {
        guard digest.count == 32 else { return nil }
        text = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
