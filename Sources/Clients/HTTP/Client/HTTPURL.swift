internal import CCurl

/// An absolute http or https URL that curl's parser accepts and that means the same to everybody.
///
/// The only parser of URLs in the program: what was checked is what is connected to. The text is at
/// most 16 KiB of printable ASCII. `..` segments are resolved, the fragment is dropped, the host is
/// in lower case, and IPv4 spelt as `0x7f.1` or `2130706433` is `127.0.0.1`.
package struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// Either `http` or `https`.
    package let scheme: String
    /// A name or an address; IPv6 without brackets.
    package let host: String
    /// The default of the scheme where the text has none.
    package let port: UInt16
    /// At least `/`; percent-encoded as it was written.
    package let path: String
    /// What follows `?`, as it was written; `nil` when that is nothing.
    package let query: String?
    /// Whether a user or a password is in the text; they are sent as basic authentication.
    package let hasCredentials: Bool
    /// The normalised text, which may hold secrets.
    package let text: String

    package static let bytesMax = 16 * 1024

    /// Reads a URL.
    ///
    /// - Throws: `HTTPURLError`, whose description never repeats the text.
    package init(_ text: String) throws(HTTPURLError) {
        try Self.checkText(text)
        guard let parts = URLParts() else { throw .malformed("no memory") }
        try parts.parse(text)
        let scheme = try parts.required(CURLUPART_SCHEME)
        guard scheme == "http" || scheme == "https" else { throw .unsupportedScheme }
        let host = try parts.required(CURLUPART_HOST).lowercased()
        try Self.checkHost(host)
        guard try parts.optional(CURLUPART_ZONEID) == nil else { throw .badHost }
        guard let port = UInt16(try parts.required(CURLUPART_PORT)), port > 0 else {
            throw .badPort
        }
        self.scheme = scheme
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        path = try parts.required(CURLUPART_PATH)
        // The normalised text has no "?" in front of nothing.
        query = try parts.optional(CURLUPART_QUERY).flatMap { $0.isEmpty ? nil : $0 }
        let user = try parts.optional(CURLUPART_USER)
        let password = try parts.optional(CURLUPART_PASSWORD)
        hasCredentials = user != nil || password != nil
        self.text = try parts.text(host: host)
    }

    /// Scheme, host and port, without what may be secret.
    package var origin: String {
        "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// The origin only: a path or a query may carry a signature.
    package var description: String { "\(origin)/…" }

    /// Refuses what parsers are known to disagree about.
    private static func checkText(_ text: String) throws(HTTPURLError) {
        guard text.utf8.count <= bytesMax else { throw .tooLong }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\\") })
        else { throw .forbiddenCharacter }
        guard let colon = text.firstIndex(of: ":") else { throw .malformed("no scheme") }
        let rest = text[colon...]
        // curl forgives one or three slashes; others then see another host.
        guard rest.hasPrefix("://"), !rest.hasPrefix(":///") else {
            throw .malformed("no // after the scheme")
        }
    }

    /// Checks the host after percent-decoding, which may have brought forbidden bytes back.
    private static func checkHost(_ host: String) throws(HTTPURLError) {
        guard !host.isEmpty, host.utf8.count <= 255 else { throw .badHost }
        let allowed = host.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "-._[]:".utf8.contains(byte)
        }
        guard allowed else { throw .badHost }
    }
}

/// Why a text is not an `HTTPURL`.
package enum HTTPURLError: Error, Sendable, Equatable {
    /// Longer than `HTTPURL.bytesMax`.
    case tooLong
    /// A space, a control character, a backslash or a byte outside ASCII.
    case forbiddenCharacter
    /// Neither http nor https.
    case unsupportedScheme
    case badHost
    /// Not a number from 1 to 65535.
    case badPort
    case malformed(String)
}

/// Owns curl's parsed form of a URL.
///
/// The C type is `CURLU`.
private struct URLParts: ~Copyable {
    private let handle: OpaquePointer

    init?() {
        guard let handle = curl_url() else { return nil }
        self.handle = handle
    }

    deinit {
        curl_url_cleanup(handle)
    }

    borrowing func parse(_ text: String) throws(HTTPURLError) {
        try Self.check(curl_url_set(handle, CURLUPART_URL, text, 0))
    }

    borrowing func required(_ part: CURLUPart) throws(HTTPURLError) -> String {
        guard let value = try optional(part) else { throw .malformed("a part is missing") }
        return value
    }

    borrowing func optional(_ part: CURLUPart) throws(HTTPURLError) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(handle, part, &value, UInt32(CURLU_DEFAULT_PORT))
        defer { curl_free(value) }
        switch code {
        case CURLUE_OK: return value.map { String(cString: $0) }
        case CURLUE_NO_USER, CURLUE_NO_PASSWORD, CURLUE_NO_QUERY, CURLUE_NO_FRAGMENT,
            CURLUE_NO_ZONEID:
            return nil
        default:
            try Self.check(code)
            return nil
        }
    }

    /// The whole URL with the host as given here and without the fragment.
    borrowing func text(host: String) throws(HTTPURLError) -> String {
        try Self.check(curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0))
        try Self.check(curl_url_set(handle, CURLUPART_HOST, host, 0))
        var value: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(handle, CURLUPART_URL, &value, UInt32(CURLU_NO_DEFAULT_PORT))
        defer { curl_free(value) }
        try Self.check(code)
        guard let value else { throw .malformed("a part is missing") }
        return String(cString: value)
    }

    private static func check(_ code: CURLUcode) throws(HTTPURLError) {
        switch code {
        case CURLUE_OK: return
        case CURLUE_UNSUPPORTED_SCHEME, CURLUE_BAD_SCHEME: throw .unsupportedScheme
        case CURLUE_BAD_PORT_NUMBER: throw .badPort
        case CURLUE_NO_HOST, CURLUE_BAD_HOSTNAME, CURLUE_BAD_IPV6: throw .badHost
        default:
            let text = curl_url_strerror(code).map { String(cString: $0) }
            throw .malformed(text ?? "error \(code.rawValue)")
        }
    }
}
