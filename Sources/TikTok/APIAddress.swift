internal import HTTP

/// Where TikTok's API is: https, or plain http on a loopback address for a stand-in.
package struct APIAddress: Sendable, Equatable {
    /// Scheme, host and port, without a slash at the end.
    package let text: String
    let isPlainHTTP: Bool

    /// TikTok's own.
    ///
    /// Source: Get Started, copy of 2026-09-11.
    package static let tiktok = APIAddress(checked: "https://open.tiktokapis.com", plain: false)

    private init(checked text: String, plain: Bool) {
        self.text = text
        isPlainHTTP = plain
    }

    /// Reads an address such as `https://open.tiktokapis.com`; a slash at the end is allowed, a
    /// path, a query or a user name is not.
    package init(_ text: String) throws(APIAddressError) {
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard !trimmed.contains(where: { "?#".contains($0) }), !trimmed.hasSuffix("/"),
            let url = try? HTTPURL(trimmed),
            !url.hasCredentials, url.path.isEmpty || url.path == "/"
        else { throw .malformed }
        switch url.scheme {
        case "https": self.init(checked: trimmed, plain: false)
        case "http" where Self.loopback.contains(url.host): self.init(checked: trimmed, plain: true)
        case "http": throw .plainHTTP
        default: throw .malformed
        }
    }

    private static let loopback: Set<String> = ["127.0.0.1", "::1", "[::1]", "localhost"]
}

/// Why an address cannot be the API's.
package enum APIAddressError: Error, Equatable, CustomStringConvertible {
    case malformed
    case plainHTTP

    package var description: String {
        switch self {
        case .malformed: "write https and a host, as in https://open.tiktokapis.com"
        case .plainHTTP: "plain http is allowed for a loopback address only"
        }
    }
}
