/// A request that keeps the rules of `HTTPRequest`, in the form curl wants.
struct CheckedRequest {
    let request: HTTPRequest
    let url: HTTPURL
    /// Header lines for `CURLOPT_HTTPHEADER`.
    let headerLines: [String]
    /// Entries for `CURLOPT_CONNECT_TO`, which, unlike `CURLOPT_RESOLVE`, bind this request only
    /// and keep its connections apart from those to other addresses.
    let connectTo: [String]

    private static let written = [
        "content-length", "transfer-encoding", "expect", "connection", "host",
    ]

    init(_ request: HTTPRequest, userAgent: String) throws(HTTPError) {
        self.request = request
        do {
            url = try HTTPURL(request.url)
        } catch {
            throw .badURL(error)
        }
        guard url.scheme == "https" || request.allowsPlainHTTP else { throw .plainHTTPRefused }
        guard Self.isToken(request.method) else { throw .invalidRequest("the method") }
        headerLines = try Self.lines(of: request.headers, userAgent: userAgent)
        connectTo = try request.resolve.map(Self.connectTo)
        try Self.checkBody(request)
        try Self.checkProxy(request)
        let limits = request.limits
        guard limits.shortest > .zero, limits.responseBodyBytes >= 0,
            limits.responseHeaderBytes > 0
        else { throw .invalidRequest("a limit is not positive") }
    }

    /// Connections are counted for each of these.
    var host: String { "\(url.host) \(url.port)" }

    private static func lines(
        of headers: HTTPHeaders,
        userAgent: String
    ) throws(HTTPError) -> [String] {
        var lines = ["Expect:"]
        var fields = headers.fields.map { ($0.name, $0.value) }
        if headers["User-Agent"] == nil { fields.append(("User-Agent", userAgent)) }
        for (name, value) in fields {
            guard isToken(name) else { throw .invalidRequest("a header name") }
            guard !written.contains(name.lowercased()) else {
                throw .invalidRequest("\(name) is not the caller's to set")
            }
            guard value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7f }) else {
                throw .invalidRequest("a control character in the value of \(name)")
            }
            // curl takes "Name:" as an order to leave the field out; "Name;" sends it empty.
            let isEmpty = value.allSatisfy { $0 == " " || $0 == "\t" }
            lines.append(isEmpty ? "\(name);" : "\(name): \(value)")
        }
        return lines
    }

    /// Turns `host:port:address` into curl's `host:port:address:port`.
    private static func connectTo(_ entry: String) throws(HTTPError) -> String {
        let hostEnd = entry.hasPrefix("[") ? entry.firstIndex(of: "]") : entry.startIndex
        guard let hostEnd, let colon = entry[hostEnd...].firstIndex(of: ":") else {
            throw .invalidRequest("resolve is not host:port:address")
        }
        let host = entry[..<colon]
        let rest = entry[colon...].dropFirst().split(separator: ":", maxSplits: 1)
        guard !host.isEmpty, rest.count == 2, let port = UInt16(rest[0]), port > 0,
            rest[1].utf8.allSatisfy({ isHexDigit($0) || ".:[]".utf8.contains($0) })
        else { throw .invalidRequest("resolve is not host:port:address") }
        let isBare = rest[1].contains(":") && !rest[1].hasPrefix("[")
        return "\(host):\(port):\(isBare ? "[\(rest[1])]" : String(rest[1])):\(port)"
    }

    private static func checkBody(_ request: HTTPRequest) throws(HTTPError) {
        if case .stream(let length, _) = request.body, length < 0 {
            throw .invalidRequest("a body of negative length")
        }
        if request.method == "HEAD" {
            guard case .none = request.body else { throw .invalidRequest("HEAD with a body") }
        }
    }

    private static func checkProxy(_ request: HTTPRequest) throws(HTTPError) {
        guard let proxy = request.proxy else { return }
        // Through a proxy the addresses are not ours to choose, so the check would be a false one.
        guard request.resolve.isEmpty, request.checkAddress == nil else {
            throw .invalidRequest("a proxy together with resolve or checkAddress")
        }
        do {
            _ = try HTTPURL(proxy)
        } catch {
            throw .invalidRequest("the proxy is not an http or https URL")
        }
    }

    /// The characters of RFC 9110, section 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && text.utf8.allSatisfy { byte in
                (0x21...0x7e).contains(byte) && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
            }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        "0123456789abcdefABCDEF".utf8.contains(byte)
    }
}

extension HTTPLimits {
    /// The shortest of all limits.
    var shortest: Duration {
        [turn, connect, firstResponseByte, stalledAfter, total ?? turn].reduce(turn, min)
    }
}
