/// Gathers one answer from what curl passes on, within the limits of the request.
struct ResponseCollector {
    private let limits: HTTPLimits
    private var status = 0
    private var httpVersion = ""
    private var fields: [(name: String, value: String)] = []
    private var body: [UInt8] = []
    private var headerBytes = 0
    /// Whether the header is complete, so that later lines are trailers.
    private var isHeaderComplete = false

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    var receivedBytes: Int { headerBytes + body.count }

    /// Whether the final answer, not an interim 1xx, has begun.
    var hasBegun: Bool { status >= 200 }

    /// Takes one line, its line end included.
    mutating func addLine(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        headerBytes += bytes.count
        guard headerBytes <= limits.responseHeaderBytes else { throw .responseTooLarge(.headers) }
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0x0d || bytes[end - 1] == 0x0a { end -= 1 }
        let line = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        guard line.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7f }) else {
            throw .malformedResponse("a control character in a header line")
        }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") && (!isHeaderComplete || status < 200) {
            try beginHeader(text)
        } else if text.isEmpty {
            isHeaderComplete = true
        } else if !isHeaderComplete {
            try addField(text)
        }
    }

    /// Takes bytes of the body.
    mutating func addBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        let announced = announced
        let length = max(announced ?? 0, Int64(body.count + bytes.count))
        guard length <= Int64(limits.responseBodyBytes) else {
            throw .responseTooLarge(.body(announced: announced))
        }
        // Growing into megabytes would take twice the room. What is announced and never sent costs
        // address space only.
        if body.isEmpty, let announced { body.reserveCapacity(Int(announced)) }
        body.append(contentsOf: bytes)
    }

    /// The length of the body, where the server has told it.
    private var announced: Int64? {
        fields.last { $0.name.lowercased() == "content-length" }
            .flatMap { Int64($0.value) }
            .flatMap { $0 < 0 ? nil : $0 }
    }

    /// The answer once curl has found its end.
    func response(bytesSent: Int64) throws(HTTPError) -> HTTPResponse {
        guard hasBegun else { throw .malformedResponse("no final status") }
        var headers = HTTPHeaders()
        for field in fields { headers.add(field.name, field.value) }
        return HTTPResponse(
            status: status,
            headers: headers,
            body: body,
            bytesSent: bytesSent,
            httpVersion: httpVersion
        )
    }

    private mutating func beginHeader(_ line: String) throws(HTTPError) {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[1].utf8.count == 3, let number = Int(words[1]), number >= 100
        else { throw .malformedResponse("the status line") }
        status = number
        httpVersion = String(words[0].dropFirst("HTTP/".count))
        fields = []
        isHeaderComplete = false
    }

    private mutating func addField(_ line: String) throws(HTTPError) {
        if line.hasPrefix(" ") || line.hasPrefix("\t") {
            // A folded line, obsolete but still met, continues the value before it.
            guard let last = fields.indices.last else {
                throw .malformedResponse("a folded line before any header")
            }
            fields[last].value += " " + Self.trimmed(line[...])
            return
        }
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
            throw .malformedResponse("a header line without a name")
        }
        let name = String(line[..<colon])
        let value = Self.trimmed(line[line.index(after: colon)...])
        try checkLength(name, value)
        fields.append((name, value))
    }

    /// Two different lengths mean that somebody on the way saw another answer than we do; curl
    /// would take the last.
    private func checkLength(_ name: String, _ value: String) throws(HTTPError) {
        guard name.lowercased() == "content-length" else { return }
        let isSame = fields.allSatisfy {
            $0.value == value || $0.name.lowercased() != "content-length"
        }
        guard isSame else { throw .malformedResponse("two lengths") }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
