internal import EventLoop

/// Takes requests from a stream, each only as far as somebody asks for it.
///
/// Belongs to one connection, like its stream.
final class RequestReader {
    private let stream: SocketStream
    private let limits: HTTPServerLimits
    private var parser: HTTPRequestParser

    /// Numbers the times at which a body may be read, so that it is of no use to anybody once its
    /// handler has returned.
    private(set) var bodyNumber = 0
    private var readingNumber: Int?
    private var isBodyRead = true
    /// Whether the peer still waits for `100 Continue`.
    private var mustContinue = false
    /// What was wrong with the body, if the peer can still be told.
    private(set) var bodyFailure: HTTPRefusal?
    private(set) var isPeerGone = false

    init(_ stream: SocketStream, limits: HTTPServerLimits) {
        self.stream = stream
        self.limits = limits
        parser = HTTPRequestParser(limits: limits)
    }

    // MARK: Head

    /// - Returns: `nil` when the connection ends before another request has begun.
    func nextHead(by latest: ContinuousClock.Instant) async throws(HTTPRefusal) -> HTTPRequestHead?
    {
        var deadline = latest
        var hasBegun = false
        while true {
            if case .head(let head) = try parser.next() {
                mustContinue = head.expectsContinue
                isBodyRead = false
                return head
            }
            if parser.isInsideHead, !hasBegun {
                hasBegun = true
                deadline = min(deadline, .now + limits.headDeadline)
            }
            do throws(SocketStream.End) {
                if let bytes = try stream.read(16 * 1024) {
                    parser.append(bytes)
                } else {
                    try await stream.wait(for: .readable, until: deadline)
                }
            } catch {
                guard error == .timedOut, hasBegun else { return nil }
                throw .timedOut
            }
        }
    }

    // MARK: Body

    /// What `HTTPServerBody.next` promises.
    func nextPiece(of number: Int) async throws(HTTPServerError) -> [UInt8]? {
        guard number == bodyNumber else { throw .requestEnded }
        guard readingNumber != number else { throw .alreadyReading }
        if let bodyFailure { throw bodyFailure.bodyError }
        guard !isPeerGone else { throw .connectionLost }
        readingNumber = number
        defer { if readingNumber == number { readingNumber = nil } }
        // Every wait may end after the handler has returned; then the bytes belong to another.
        while number == bodyNumber {
            if let piece = try parsedPiece() { return piece }
            if isBodyRead { return nil }
            do throws(SocketStream.End) {
                if let piece = try await receivedPiece() { return piece }
            } catch {
                guard number == bodyNumber else { break }
                throw note(error)
            }
        }
        throw .requestEnded
    }

    /// Takes the body away from the handler.
    func endBody() {
        bodyNumber += 1
        if readingNumber != nil { stream.abandonWait() }
    }

    /// Whether what is left of the body could be dropped to reach the next request.
    var isDrainable: Bool {
        // A peer that was never told to go on may or may not send its body: what follows cannot be
        // told apart.
        guard !mustContinue else { return false }
        return parser.bytesUntilEnd.map { $0 <= Int64(limits.drainBytes) } ?? true
    }

    /// Drops what the handler left of its body, within a bound.
    ///
    /// - Returns: whether the next request may follow.
    func drain() async -> Bool {
        var left = limits.drainBytes
        while left >= 0, !isBodyRead {
            // Every failure means the same here: the response has been sent, the connection ends.
            guard let piece = try? await nextPiece(of: bodyNumber) else { return isBodyRead }
            left -= piece.count
        }
        return isBodyRead
    }

    private func parsedPiece() throws(HTTPServerError) -> [UInt8]? {
        guard !isBodyRead else { return nil }
        do throws(HTTPRefusal) {
            guard let event = try parser.next() else { return nil }
            // A peer that has sent body, or all of it, does not wait to be told to.
            mustContinue = false
            if case .body(let piece) = event { return piece }
            isBodyRead = true
            return nil
        } catch {
            bodyFailure = error
            throw error.bodyError
        }
    }

    /// Reads body past the parser where its length is known, which spares a copy.
    ///
    /// - Returns: `nil` when the parser should be asked again.
    private func receivedPiece() async throws(SocketStream.End) -> [UInt8]? {
        let passable = parser.passableBodyBytes
        if let bytes = try stream.read(passable > 0 ? passable : 16 * 1024) {
            mustContinue = false
            guard passable > 0 else {
                parser.append(bytes)
                return nil
            }
            parser.passedBody(bytes.count)
            return bytes
        }
        if mustContinue {
            mustContinue = false
            try await stream.send(Self.goOn, idle: limits.writeIdle)
        }
        try await stream.wait(for: .readable, until: .now + limits.bodyIdle)
        return nil
    }

    private func note(_ end: SocketStream.End) -> HTTPServerError {
        switch end {
        case .finished, .lost:
            isPeerGone = true
            return .connectionLost
        case .timedOut:
            bodyFailure = .timedOut
            return .bodyTimedOut
        case .interrupted:
            return .stopped
        }
    }

    private static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
}
