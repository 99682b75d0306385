/// A secret word of TikTok's OAuth: visible ASCII, 1–4096 bytes, fit for a header and a form.
package struct Credential<Kind: CredentialKind>: Sendable, Equatable, NeverPrinted {
    package static var printedName: String { Kind.name }

    private let text: String

    /// Takes the secret.
    ///
    /// - Returns: `nil` for an empty text, one over 4096 bytes, or one with spaces, control
    ///   characters or anything else that is not visible ASCII.
    package init?(_ text: String) {
        guard (1...4096).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }

    /// The secret itself; call it where it is sent, sealed or registered for redaction only.
    package func reveal() -> String { text }
}

/// What a credential is for, so that one cannot be passed for another.
package protocol CredentialKind: Sendable {
    /// What stands for the credential in print.
    static var name: String { get }
}

/// Kinds of credential; never made, only named.
package enum CredentialKinds {
    package enum Access: CredentialKind { package static let name = "AccessToken" }
    package enum Refresh: CredentialKind { package static let name = "RefreshToken" }
    package enum Client: CredentialKind { package static let name = "ClientSecret" }
    package enum Code: CredentialKind { package static let name = "AuthorizationCode" }
}

/// Proves to the API that an account agreed; samples begin with `act.`.
package typealias AccessToken = Credential<CredentialKinds.Access>

/// Buys the next access token; samples begin with `rft.`.
package typealias RefreshToken = Credential<CredentialKinds.Refresh>

/// Proves who the app is.
package typealias ClientSecret = Credential<CredentialKinds.Client>

/// Comes back from the consent page and buys the first tokens, once.
package typealias AuthorizationCode = Credential<CredentialKinds.Code>

/// Who the app is, towards TikTok's OAuth.
package struct ClientCredentials: Sendable {
    package let key: String
    package let secret: ClientSecret

    package init(key: String, secret: ClientSecret) {
        self.key = key
        self.secret = secret
    }
}
