/// A URL from outside whose text may be used: decided without asking anybody for an address.
///
/// Not printed beyond its host: what follows may hold a signature.
package struct GuardedURL: Sendable, Equatable, CustomStringConvertible {
    package let url: HTTPURL
    /// The operator vouches for the host.
    let isListed: Bool

    /// - Throws: `URLRefusal` with the first rule broken; it never repeats the text.
    package init(_ text: String, allowed: AllowedHosts) throws(URLRefusal) {
        try Self.checkText(text)
        do throws(HTTPURLError) {
            url = try HTTPURL(text)
        } catch {
            throw .malformed(error)
        }
        guard !url.hasCredentials else { throw .credentials }
        isListed = allowed.lists(url)
        guard !isListed else { return }
        try Self.checkUnlisted(url)
        guard allowed.isAnyPublic else { throw .notListed }
    }

    package var description: String { url.description }

    private static func checkUnlisted(_ url: HTTPURL) throws(URLRefusal) {
        if let bytes = IPAddress.bytes(of: url.host) {
            throw .addressInsteadOfName(AddressKind(of: bytes))
        }
        guard HostName.isSound(url.host) else { throw .malformed(.badHost) }
        guard !HostName.isSpecial(url.host) else { throw .specialName }
        guard url.scheme == "https" else { throw .plainHTTP }
        guard url.port == 443 else { throw .port(url.port) }
    }

    /// Names what the parser of URLs only calls malformed.
    private static func checkText(_ text: String) throws(URLRefusal) {
        let bytes = text.utf8
        if bytes.contains(UInt8(ascii: "\\")) { throw .backslash }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { throw .blankOrControlCharacter }
        if bytes.contains(where: { $0 > 0x7F }) { throw .notASCII }
        guard let open = bytes.firstIndex(of: UInt8(ascii: "[")) else { return }
        let inside = bytes[open...].prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "/") }
        if inside.contains(UInt8(ascii: "%")) { throw .zone }
    }
}

/// Why an address from outside is not used.
package enum URLRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed(HTTPURLError)
    case backslash
    case blankOrControlCharacter
    case notASCII
    /// `[fe80::1%25eth0]`: one interface of this machine.
    case zone
    case credentials
    case addressInsteadOfName(AddressKind)
    /// Such as `localhost`.
    case specialName
    case plainHTTP
    case port(UInt16)
    /// The operator allows other hosts only.
    case notListed
    /// What the name leads to; one such address among many is enough.
    case leadsTo(AddressKind)

    /// Completes "The address …".
    package var description: String {
        switch self {
        case .malformed(.unsupportedScheme): "does not begin with https://"
        case .malformed(.badHost): "has a host that is no name"
        case .malformed(.badPort): "has a port that is none"
        case .malformed(.tooLong): "is longer than \(HTTPURL.bytesMax) bytes"
        case .malformed: "cannot be read"
        case .backslash: "has a backslash"
        case .blankOrControlCharacter: "has a blank or a control character"
        case .notASCII: "has a character outside ASCII that is not percent-encoded"
        case .zone: "names an interface of the machine"
        case .credentials: "has a user name or a password"
        case .addressInsteadOfName(let kind): "has \(kind.rawValue) in the place of a name"
        case .specialName: "has a host that the internet does not know"
        case .plainHTTP: "is http; https is required"
        case .port(let port): "names port \(port); only 443 is used"
        case .notListed: "has a host that the operator does not allow"
        case .leadsTo(let kind): "leads to \(kind.rawValue)"
        }
    }
}
