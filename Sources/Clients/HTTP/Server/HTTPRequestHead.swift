/// A request line and its fields, checked so that no two readers could disagree about them.
///
/// Anything that another server or proxy might read differently is refused, not repaired: RFC 9112,
/// section 11.2 (request smuggling).
struct HTTPRequestHead {
    enum Framing: Equatable {
        case sized(Int64)
        case chunked
    }

    let method: String
    let target: String
    let path: String
    let query: [(String, String)]
    let headers: HTTPHeaders
    let framing: Framing
    /// Whether the peer waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool
    /// Whether the connection ends after this request.
    let wantsClose: Bool

    init(line: RequestLine, headers: HTTPHeaders) throws(HTTPRefusal) {
        method = line.method
        target = line.target
        path = line.parts.path
        query = line.parts.query
        self.headers = headers
        framing = try Self.framing(headers, isOld: line.isOld)
        try Self.checkHost(headers, line: line)

        let expectations = headers.all("Expect")
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw .expectationUnknown
        }
        expectsContinue = !expectations.isEmpty && !line.isOld && framing != .sized(0)
        wantsClose = line.isOld || Self.connectionTokens(headers).contains("close")
    }

    private static func framing(
        _ headers: HTTPHeaders,
        isOld: Bool
    ) throws(HTTPRefusal) -> Framing {
        let lengths = headers.all("Content-Length")
        let codings = headers.all("Transfer-Encoding")
        guard codings.isEmpty else {
            guard !isOld else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
            guard lengths.isEmpty else {
                throw .malformed("both Content-Length and Transfer-Encoding")
            }
            guard codings == ["chunked"] else {
                throw .malformed("Transfer-Encoding other than chunked")
            }
            return .chunked
        }
        guard let text = lengths.first else { return .sized(0) }
        guard lengths.count == 1 else { throw .malformed("more than one Content-Length") }
        guard !text.isEmpty, text.utf8.allSatisfy(HTTPBytes.isDigit), let length = Int64(text)
        else { throw .malformed("Content-Length is not a number") }
        return .sized(length)
    }

    private static func checkHost(
        _ headers: HTTPHeaders,
        line: RequestLine
    ) throws(HTTPRefusal) {
        let hosts = headers.all("Host")
        guard hosts.count == 1 || (hosts.isEmpty && line.isOld) else {
            throw .malformed("the Host field is missing or repeated")
        }
        guard let host = hosts.first else { return }
        let isPlain = host.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/?#@\\,\"<>".utf8.contains(byte)
        }
        guard isPlain else { throw .malformed("the Host field is not a host") }
        if let authority = line.parts.authority, authority.lowercased() != host.lowercased() {
            throw .malformed("the target and the Host field disagree")
        }
    }

    private static func connectionTokens(_ headers: HTTPHeaders) -> [String] {
        headers.all("Connection").flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ",")).map { token in
                String(decoding: HTTPBytes.trimmed(Array(token)[...]), as: UTF8.self).lowercased()
            }
        }
    }
}

/// `GET /path HTTP/1.1`, checked.
struct RequestLine {
    let method: String
    let target: String
    let parts: RequestTarget
    /// Whether this is HTTP/1.0.
    let isOld: Bool

    /// Takes a line without its line break.
    init(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, let target = words.dropFirst().first, let version = words.last,
            let method = words.first
        else { throw .malformed("the request line is not three words") }
        guard (1...32).contains(method.count), method.allSatisfy(HTTPBytes.isToken) else {
            throw .malformed("the method is not a word")
        }
        guard target.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("the target contains a byte that must be encoded")
        }
        isOld = try Self.isOld(version)
        self.method = String(decoding: method, as: UTF8.self)
        guard self.method != "CONNECT" else { throw .methodUnsupported }
        self.target = String(decoding: target, as: UTF8.self)
        parts = try RequestTarget(target, method: self.method)
    }

    private static func isOld(_ version: ArraySlice<UInt8>) throws(HTTPRefusal) -> Bool {
        let text = String(decoding: version, as: UTF8.self)
        let digits = Array(version.suffix(3))
        guard version.count == 8, text.hasPrefix("HTTP/"), HTTPBytes.isDigit(digits[0]),
            digits[1] == UInt8(ascii: "."), HTTPBytes.isDigit(digits[2])
        else { throw .malformed("the version is not HTTP/1.1") }
        switch text {
        case "HTTP/1.1": return false
        case "HTTP/1.0": return true
        default: throw .versionUnsupported
        }
    }
}

/// One `Name: value` line of a head or a trailer, checked.
struct FieldLine {
    let name: String
    let value: String

    /// Takes a line that is not empty, without its line break.
    init(_ line: ArraySlice<UInt8>) throws(HTTPRefusal) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed("a header field without a colon")
        }
        let name = line[..<colon]
        // Also refuses a blank before the colon and a line that continues the one before it.
        guard !name.isEmpty, name.allSatisfy(HTTPBytes.isToken) else {
            throw .malformed("a header field's name is not a word")
        }
        let value = HTTPBytes.trimmed(line[(colon + 1)...])
        guard value.allSatisfy(HTTPBytes.isFieldValue),
            let text = String(validating: value, as: UTF8.self)
        else { throw .malformed("a header field's value is not plain text") }
        self.name = String(decoding: name, as: UTF8.self)
        self.value = text
    }
}
