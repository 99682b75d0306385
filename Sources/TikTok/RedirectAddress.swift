internal import HTTP

/// Where TikTok sends the owner's browser after the consent page.
///
/// Source: Login Kit for Web and for Desktop, undated copies: absolute, without query and fragment,
/// fewer than 512 characters. Web apps: https. Desktop apps: `localhost` or `127.0.0.1` with a
/// port, which may be registered as `*` for any.
package struct RedirectAddress: Sendable, Equatable {
    /// As it was registered.
    package let text: String
    package let flow: Flow
    /// Of the address; at least `/`.
    package let path: String

    package enum Flow: Sendable, Equatable {
        /// A server of the operator's; no PKCE.
        case web
        /// This machine, with PKCE; `nil` for the port: any free one. Only plain http can be
        /// listened to without a certificate.
        case desktop(host: String, port: UInt16?, isPlainHTTP: Bool)
    }

    /// Reads an address and says which flow it belongs to.
    package init(_ text: String) throws(RedirectAddressError) {
        guard text.utf8.count < 512 else { throw .tooLong }
        guard !text.contains(where: { "?#".contains($0) }) else { throw .notStatic }
        let hasAnyPort = text.contains(":*/") || text.hasSuffix(":*")
        let concrete = hasAnyPort ? text.replacing(":*", with: ":1", maxReplacements: 1) : text
        guard let url = try? HTTPURL(concrete), !url.hasCredentials else { throw .malformed }
        self.text = text
        path = url.path
        guard ["localhost", "127.0.0.1"].contains(url.host) else {
            guard url.scheme == "https", !hasAnyPort else { throw .plainHTTP }
            flow = .web
            return
        }
        guard Self.namesPort(concrete) else { throw .noPort }
        flow = .desktop(
            host: url.host,
            port: hasAnyPort ? nil : url.port,
            isPlainHTTP: url.scheme == "http"
        )
    }

    /// The address with the port that was chosen where any will do.
    package func concrete(port: UInt16) -> String {
        text.replacing(":*", with: ":\(port)", maxReplacements: 1)
    }

    /// Whether the port is spelt out: TikTok wants it even where it is the usual one.
    private static func namesPort(_ text: String) -> Bool {
        let authority = text.split(separator: "/", omittingEmptySubsequences: true).dropFirst()
        return authority.first?.contains(":") ?? false
    }
}

/// Why an address cannot be a redirect address.
package enum RedirectAddressError: Error, Equatable, CustomStringConvertible {
    case tooLong
    case notStatic
    case malformed
    case plainHTTP
    case noPort

    package var description: String {
        switch self {
        case .tooLong: "must have fewer than 512 characters"
        case .notStatic: "must have no query and no fragment"
        case .malformed:
            "must be an address such as https://example.org/tiktok or "
                + "http://127.0.0.1:8912/callback"
        case .plainHTTP: "must be https, or name localhost or 127.0.0.1 with a port"
        case .noPort: "must name a port, as in http://127.0.0.1:8912/callback"
        }
    }
}
