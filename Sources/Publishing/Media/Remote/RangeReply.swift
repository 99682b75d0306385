internal import FoundationEssentials
internal import HTTP
internal import TikTok

/// What one answer to a request for a range of bytes means.
enum RangeReply {
    /// The bytes, and the file they belong to.
    case piece([UInt8], RemoteIdentity)
    /// Asking again may help.
    case passing(Failure)
    /// It will not.
    case final(Stop)

    /// Judges an answer.
    ///
    /// - Parameters:
    ///   - asked: the range of the request; it may reach beyond the file when that is not known.
    ///   - pinned: the file that was opened; `nil` for the first request.
    init(_ response: HTTPResponse, asked: Range<Int64>, pinned: RemoteIdentity?) {
        let encoding = response.headers["Content-Encoding"]?.lowercased() ?? "identity"
        switch response.status {
        case 200, 206:
            guard encoding == "identity" || encoding.isEmpty else {
                self = .final(.refused(.mediaURLEncoded))
                return
            }
            self =
                response.status == 206
                ? Self.part(response, asked, pinned) : Self.whole(response, asked, pinned)
        case 412: self = .final(.refused(.mediaChanged))
        case 416: self = .final(.refused(Self.outOfRange(response, pinned)))
        case 300..<400: self = .final(.refused(.mediaURLRedirects(response.status)))
        case 408, 425, 429, 500...:
            var failure = Failure.mediaHostAway("it answers HTTP \(response.status)")
            failure.retryAfter = response.headers["Retry-After"].flatMap {
                RetryAfter.read($0, now: Int64(Date().timeIntervalSince1970))
            }
            self = .passing(failure)
        case let status: self = .final(.refused(.mediaURLAnswers(status)))
        }
    }

    /// What it means that there is no answer.
    init(_ error: HTTPError, pinned: RemoteIdentity?, limits: RemoteLimits) {
        switch error {
        case .cancelled: self = .final(.lost)
        case .responseTooLarge(.body(let announced)):
            // Somebody on the way forgets about ranges now and then.
            self =
                pinned == nil
                ? .final(.refused(Self.tooMuch(announced, limits)))
                : .passing(.mediaHostAway("it sent more than it was asked for"))
        case .badURL, .invalidRequest, .plainHTTPRefused, .refusedAddress:
            self = .final(.refused(.mediaURLRefused("cannot be requested")))
        case .tls: self = .passing(.mediaHostAway("its certificate or its TLS is not acceptable"))
        case .cannotResolve: self = .passing(.mediaHostAway("its name cannot be resolved"))
        case .cannotConnect, .connectTimedOut, .proxy:
            self = .passing(.mediaHostAway("it cannot be connected to"))
        case .timedOut, .stalled: self = .passing(.mediaHostAway("it is too slow"))
        case .malformedResponse, .responseTooLarge:
            self = .passing(.mediaHostAway("its answer cannot be read"))
        case .connectionLost: self = .passing(.mediaHostAway("it closed the connection"))
        case .busy, .closed, .bodySource, .other:
            self = .passing(.mediaHostAway("the request could not be sent"))
        }
    }

    private static func part(
        _ response: HTTPResponse,
        _ asked: Range<Int64>,
        _ pinned: RemoteIdentity?
    ) -> RangeReply {
        let fields = response.headers.all("Content-Range")
        guard fields.count == 1, let range = ContentRange(fields[0]) else {
            return .passing(.mediaHostAway("it does not say which bytes it sent"))
        }
        let identity = RemoteIdentity(size: range.total, response.headers)
        if let pinned, !pinned.isSame(as: identity) { return .final(.refused(.mediaChanged)) }
        let wanted = asked.lowerBound..<min(asked.upperBound, range.total)
        guard range.bytes == wanted, response.body.count == wanted.count else {
            return .passing(.mediaHostAway("it sent other bytes than it was asked for"))
        }
        return .piece(response.body, identity)
    }

    /// The server ignores ranges; a file that fits is taken all the same.
    private static func whole(
        _ response: HTTPResponse,
        _ asked: Range<Int64>,
        _ pinned: RemoteIdentity?
    ) -> RangeReply {
        let identity = RemoteIdentity(size: Int64(response.body.count), response.headers)
        if let pinned {
            return pinned.isSame(as: identity)
                ? .passing(.mediaHostAway("it ignored the range")) : .final(.refused(.mediaChanged))
        }
        guard asked.lowerBound == 0 else { return .final(.refused(.mediaURLWithoutRanges)) }
        guard identity.size > 0 else { return .final(.refused(.mediaEmpty)) }
        return .piece(response.body, identity)
    }

    /// The whole file comes, and it is larger than what is taken whole: what is too large for
    /// TikTok from any server is refused for that.
    private static func tooMuch(_ announced: Int64?, _ limits: RemoteLimits) -> Failure {
        guard let most = limits.mostBytes else { return .mediaURLWithoutRanges }
        if let announced {
            return announced > most
                ? .mediaRefused(nil, [.tooLarge(announced, most: most)]) : .mediaURLWithoutRanges
        }
        return limits.wholeBytes >= most
            ? .mediaRefused(nil, [.tooLarge(moreThan: most)]) : .mediaURLWithoutRanges
    }

    private static func outOfRange(_ response: HTTPResponse, _ pinned: RemoteIdentity?) -> Failure {
        guard pinned == nil else { return .mediaChanged }
        let isEmpty = response.headers["Content-Range"]?.hasSuffix("*/0") ?? false
        return isEmpty ? .mediaEmpty : .mediaURLWithoutRanges
    }
}

/// The header of that name in a 206: `bytes 0-499/1234`.
struct ContentRange: Equatable {
    let bytes: Range<Int64>
    let total: Int64

    /// - Returns: `nil` also when the total is not known (`*`): nothing could be pinned then.
    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let sides = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2, let total = Self.number(sides[1]) else { return nil }
        let ends = sides[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
            first <= last, last < total
        else { return nil }
        bytes = first..<last + 1
        self.total = total
    }

    /// Digits only, and few enough that sums cannot overflow.
    private static func number(_ text: Substring) -> Int64? {
        let isDigits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isDigits && (1...18).contains(text.utf8.count) ? Int64(text) : nil
    }
}
