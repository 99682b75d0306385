/// Turns the bytes of a connection into requests; pure, and the same however the bytes are cut.
///
/// Events come as `head`, any number of `body`, `end`, and then the next request. After an error
/// nothing that follows on the connection can be trusted.
struct HTTPRequestParser {
    enum Event {
        case head(HTTPRequestHead)
        case body([UInt8])
        case end
    }

    private enum State {
        case requestLine
        case fields(RequestLine)
        case sized(left: Int64)
        case chunkSize
        case chunk(left: Int64)
        case chunkEnd
        case trailers
        case end
    }

    private enum Step {
        case needsBytes
        case again
        case event(Event)
    }

    private let limits: HTTPServerLimits
    private var state = State.requestLine
    private var lines = LineBuffer()
    private var headers = HTTPHeaders()
    private var headBytesLeft: Int
    private var fieldsLeft: Int
    private var extensionBytesLeft = HTTPServerLimits.extensionBytes
    private var bodyBytesLeft: Int64
    private var maySkipEmptyLine = true

    init(limits: HTTPServerLimits) {
        self.limits = limits
        headBytesLeft = limits.headBytes
        fieldsLeft = limits.headFields
        bodyBytesLeft = limits.bodyBytes
    }

    /// Whether part of a request's head has come.
    var isInsideHead: Bool {
        switch state {
        case .requestLine: !lines.isEmpty
        case .fields: true
        default: false
        }
    }

    /// What is left of a body whose length is known; `nil` inside a chunked one.
    var bytesUntilEnd: Int64? {
        switch state {
        case .sized(let left): left - Int64(lines.count)
        case .chunkSize, .chunk, .chunkEnd, .trailers: nil
        case .requestLine, .fields, .end: 0
        }
    }

    /// Whether bytes wait here that `next` has not yet looked at.
    var hasBytes: Bool { !lines.isEmpty }

    /// How many bytes that come next are certainly body.
    ///
    /// The caller may hand on up to so many without showing them here, if it then calls
    /// `passedBody`. 0: everything must come here.
    var passableBodyBytes: Int {
        guard lines.isEmpty else { return 0 }
        switch state {
        case .sized(let left), .chunk(let left):
            return Int(min(left, Int64(HTTPServerLimits.pieceBytes)))
        default:
            return 0
        }
    }

    /// - Parameter count: at most `passableBodyBytes`.
    mutating func passedBody(_ count: Int) {
        precondition(count <= passableBodyBytes, "more body passed by than there is")
        took(Int64(count))
    }

    mutating func append(_ bytes: [UInt8]) {
        lines.append(bytes)
    }

    /// The next event; `nil` when more bytes are needed.
    mutating func next() throws(HTTPRefusal) -> Event? {
        while true {
            switch try step() {
            case .needsBytes: return nil
            case .again: continue
            case .event(let event): return event
            }
        }
    }

    private mutating func step() throws(HTTPRefusal) -> Step {
        switch state {
        case .requestLine: try readRequestLine()
        case .fields(let line): try readField(after: line)
        case .sized(let left), .chunk(let left): readBody(left)
        case .chunkSize: try readChunkSize()
        case .chunkEnd: try readChunkEnd()
        case .trailers: try readTrailer()
        case .end: readEnd()
        }
    }
}

// MARK: Head

extension HTTPRequestParser {
    private mutating func readRequestLine() throws(HTTPRefusal) -> Step {
        let limit = min(limits.requestLineBytes, limits.headBytes)
        guard let line = try lines.take(limit: limit, else: .requestLineTooLong) else {
            return .needsBytes
        }
        // RFC 9112, section 2.2: one empty line before a request is forgiven.
        if line.isEmpty, maySkipEmptyLine {
            maySkipEmptyLine = false
            return .again
        }
        headBytesLeft = limits.headBytes - line.count - 2
        fieldsLeft = limits.headFields
        headers = HTTPHeaders()
        state = .fields(try RequestLine(line))
        return .again
    }

    private mutating func readField(after line: RequestLine) throws(HTTPRefusal) -> Step {
        guard let field = try takeFieldLine() else { return .needsBytes }
        if let field {
            headers.add(field.name, field.value)
            return .again
        }
        let head = try HTTPRequestHead(line: line, headers: headers)
        bodyBytesLeft = limits.bodyBytes
        extensionBytesLeft = HTTPServerLimits.extensionBytes
        switch head.framing {
        case .sized(0):
            state = .end
        case .sized(let length):
            guard length <= limits.bodyBytes else { throw .bodyTooLarge }
            state = .sized(left: length)
        case .chunked:
            state = .chunkSize
        }
        return .event(.head(head))
    }

    /// One line of a head or trailer.
    ///
    /// - Returns: `nil` when more bytes are needed, `.some(nil)` for the empty line at the end.
    private mutating func takeFieldLine() throws(HTTPRefusal) -> FieldLine?? {
        guard let line = try lines.take(limit: headBytesLeft, else: .headTooLarge) else {
            return nil
        }
        headBytesLeft -= line.count + 2
        guard !line.isEmpty else { return .some(nil) }
        guard fieldsLeft > 0 else { throw .headTooLarge }
        fieldsLeft -= 1
        return try FieldLine(line)
    }
}

// MARK: Body

extension HTTPRequestParser {
    private mutating func readBody(_ left: Int64) -> Step {
        let wanted = min(left, Int64(HTTPServerLimits.pieceBytes), Int64(lines.count))
        guard wanted > 0 else { return .needsBytes }
        let piece = lines.takeBytes(Int(wanted))
        took(wanted)
        return .event(.body(piece))
    }

    private mutating func took(_ count: Int64) {
        switch state {
        case .sized(let left): state = left == count ? .end : .sized(left: left - count)
        case .chunk(let left): state = left == count ? .chunkEnd : .chunk(left: left - count)
        default: break
        }
    }

    private mutating func readChunkSize() throws(HTTPRefusal) -> Step {
        let tooLong = HTTPRefusal.malformed("a chunk's first line is too long")
        let limit = HTTPServerLimits.chunkLineBytes
        guard let line = try lines.take(limit: limit, else: tooLong) else { return .needsBytes }
        let digits = line.prefix { HTTPBytes.hexValue($0) != nil }
        let rest = line[digits.endIndex...]
        guard (1...15).contains(digits.count) else {
            throw .malformed("a chunk's size is not a number")
        }
        guard rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy(HTTPBytes.isFieldValue)
        else { throw .malformed("a chunk's size is followed by something else") }
        extensionBytesLeft -= rest.count
        guard extensionBytesLeft >= 0 else { throw .malformed("too many chunk extensions") }

        let size = digits.reduce(Int64(0)) { $0 << 4 | Int64(HTTPBytes.hexValue($1) ?? 0) }
        guard size <= bodyBytesLeft else { throw .bodyTooLarge }
        bodyBytesLeft -= size
        state = size == 0 ? .trailers : .chunk(left: size)
        if size == 0 {
            headBytesLeft = limits.headBytes
            fieldsLeft = limits.headFields
        }
        return .again
    }

    private mutating func readChunkEnd() throws(HTTPRefusal) -> Step {
        let tooLong = HTTPRefusal.malformed("a chunk is longer than its size")
        guard let line = try lines.take(limit: 2, else: tooLong) else { return .needsBytes }
        guard line.isEmpty else { throw tooLong }
        state = .chunkSize
        return .again
    }

    /// Trailers are checked and dropped; those that would change the framing are refused.
    private mutating func readTrailer() throws(HTTPRefusal) -> Step {
        guard let field = try takeFieldLine() else { return .needsBytes }
        guard let field else {
            state = .end
            return .again
        }
        let forbidden = ["content-length", "transfer-encoding", "host"]
        guard !forbidden.contains(field.name.lowercased()) else {
            throw .malformed("a trailer that belongs in the head")
        }
        return .again
    }

    private mutating func readEnd() -> Step {
        state = .requestLine
        maySkipEmptyLine = true
        return .event(.end)
    }
}
