internal import HTTP

/// Where one upload goes: an address from TikTok that was found to be on an allowed host.
///
/// It carries its own permission in the query, so it never prints; store it sealed only.
package struct UploadAddress: Sendable, Equatable, NeverPrinted {
    package static let printedName = "UploadAddress"

    /// Longest address taken, in bytes.
    ///
    /// The Direct Post reference (copy of 2026-09-11) says 256
    /// characters; this leaves room for longer ones.
    package static let bytesMax = 2048

    private let text: String
    let isPlainHTTP: Bool

    /// Checks an address, fresh from TikTok or stored before.
    package init(_ text: String, hosts: UploadHosts) throws(UploadAddressError) {
        guard (1...Self.bytesMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformed }
        let url: HTTPURL
        do {
            url = try HTTPURL(text)
        } catch {
            throw .malformed
        }
        guard !url.hasCredentials else { throw .hasUserInfo }
        guard hosts.allows(scheme: url.scheme, host: url.host, port: Int(url.port)) else {
            throw .hostNotAllowed
        }
        self.text = text
        isPlainHTTP = url.scheme == "http"
    }

    /// The address as TikTok wrote it; call it where it is used or sealed only.
    package func reveal() -> String { text }
}

/// Why an upload address is not used; the address itself is not told.
package enum UploadAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed
    case hasUserInfo
    case hostNotAllowed

    package var description: String {
        switch self {
        case .malformed: "it is no address"
        case .hasUserInfo: "it carries a user name"
        case .hostNotAllowed: "its scheme, host or port is not allowed"
        }
    }
}
