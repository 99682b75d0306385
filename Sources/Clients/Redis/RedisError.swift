/// An error that the server answered, such as `OOM command not allowed`.
package struct RedisFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first word, when it is in capitals: `ERR`, `READONLY`, `OOM`, `NOSCRIPT`; else empty.
    package let code: String
    /// The rest, at most 500 characters.
    package let message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    init(_ text: String) {
        // Here Redis quotes what it was sent: job documents and passwords among it.
        let quote = text.firstRange(of: ", with args beginning with")
        let text = quote.map { String(text[..<$0.lowerBound]) } ?? text
        let first = text.prefix { $0 != " " }
        let isCode = !first.isEmpty && first.utf8.allSatisfy { 65...90 ~= $0 || 48...57 ~= $0 }
        code = isCode ? String(first.prefix(40)) : ""
        message = String((isCode ? text.dropFirst(first.count + 1) : text[...]).prefix(500))
    }

    package var description: String { code.isEmpty ? message : "\(code) \(message)" }
}

/// Why a command has no answer.
package enum RedisError: Error, Sendable, Equatable {
    /// There was no connection within the command's time; it was not sent.
    case notConnected(reason: String)
    /// No server answered within the command's time; it was not sent.
    case connectTimedOut
    /// The command was sent and the connection ended before its answer: it may have run.
    case connectionLost(reason: String)
    /// The command was sent and not answered in time: it may have run, or may run yet.
    case commandTimedOut(command: String)
    /// The server answered with an error.
    ///
    /// The command changed nothing, except that a script keeps what it wrote before its error.
    case refused(RedisFailure)
    /// The answer was larger than the limit, in bytes; the command has run.
    case replyTooLarge(limit: Int)
    /// The command itself is larger than the limit, in bytes; it was not sent.
    case commandTooLarge(limit: Int)
    /// As many commands as the limit allows are waiting already; it was not sent.
    case tooManyPending(limit: Int)
    /// The command would break the order of answers (`SUBSCRIBE`, `MONITOR`); it was not sent.
    case unsupported(command: String)
    /// The waiting task was cancelled; the command may have run.
    case cancelled
    /// The client was closed; a command that had been sent may have run.
    case closed
}

extension RedisError {
    /// Whether the same command may well succeed a little later without anyone acting.
    package var isUnavailable: Bool {
        switch self {
        case .notConnected, .connectTimedOut, .connectionLost, .commandTimedOut, .tooManyPending:
            true
        case .refused(let failure):
            Self.passingCodes.contains(failure.code)
                || failure.message.hasPrefix(Self.tooManyClients)
        case .replyTooLarge, .commandTooLarge, .unsupported, .cancelled, .closed: false
        }
    }

    /// Whether the server has no memory left: reading and deleting still work.
    package var isOutOfMemory: Bool { failure?.code == "OOM" }

    /// Whether the server wants another password, user or permission: a person must act.
    package var isAccessRefused: Bool {
        failure.map { ["NOAUTH", "WRONGPASS", "NOPERM"].contains($0.code) } ?? false
    }

    /// Whether the command may have had its effect although no answer came.
    package var mayHaveRun: Bool {
        switch self {
        case .connectionLost, .commandTimedOut, .replyTooLarge, .cancelled, .closed: true
        case .notConnected, .connectTimedOut, .refused, .commandTooLarge, .tooManyPending,
            .unsupported:
            false
        }
    }

    package var failure: RedisFailure? {
        guard case .refused(let failure) = self else { return nil }
        return failure
    }

    /// Loading its data, a replica cut off or not yet promoted, a script running too long, a
    /// failover under way, a disk that is full, a wait that a change of roles has ended.
    private static let passingCodes: Set = [
        "LOADING", "MASTERDOWN", "READONLY", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS",
        "MISCONF", "UNBLOCKED",
    ]

    /// Redis has no code of its own for this refusal, and gives it as the answer to whatever comes
    /// first.
    private static let tooManyClients = "max number of clients"
}

extension RedisError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notConnected(let reason): "not connected to Redis: \(reason)"
        case .connectTimedOut: "no answer from Redis while connecting"
        case .connectionLost(let reason): "lost the connection to Redis: \(reason)"
        case .commandTimedOut(let command): "Redis did not answer \(command) in time"
        case .refused(let failure): "Redis refused: \(failure)"
        case .replyTooLarge(let limit): "the answer of Redis is larger than \(limit) bytes"
        case .commandTooLarge(let limit): "the command is larger than \(limit) bytes"
        case .tooManyPending(let limit): "\(limit) commands are waiting for Redis already"
        case .unsupported(let command): "\(command) cannot be sent over a shared connection"
        case .cancelled: "the task waiting for Redis was cancelled"
        case .closed: "the Redis client is closed"
        }
    }
}
