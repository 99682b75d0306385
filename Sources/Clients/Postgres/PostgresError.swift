/// Why a statement, or the wait for a connection, did not end well.
package enum PostgresError: Error, Sendable, Equatable {
    /// The server answered with an error.
    ///
    /// `message`, and `detail` more so, may quote values that were sent; `description` leaves out
    /// what may.
    case server(sqlState: String, message: String, detail: String?, constraint: String?)
    /// No connection could be made.
    case notConnected(reason: String)
    /// The server did not accept a connection, or finish setting it up, in time.
    case connectTimedOut
    /// The statement reached its deadline, was cancelled, and the server confirmed that.
    case timedOut(statement: String)
    /// The connection ended, or went silent, while an answer was awaited: the statement may or may
    /// not have been carried out.
    case connectionLost(reason: String)
    /// Every connection stayed busy until the checkout deadline, or too many callers wait already.
    case poolExhausted
    /// The answer is larger than the named bound.
    case resultTooLarge(bound: String)
    /// The statement cannot be sent, for example because a parameter holds a NUL character.
    case invalidStatement(reason: String)
    /// The column is missing, null, or not of the wanted type.
    case decoding(column: String, reason: String)
    /// COMMIT was asked for, but an earlier statement had failed and the server rolled back.
    case rolledBack
    /// The calling task was cancelled.
    case cancelled
    /// The pool was closed, or the transaction had ended.
    case closed

    /// The server's five-character code, when it was the server that objected.
    package var sqlState: String? {
        guard case .server(let state, _, _, _) = self else { return nil }
        return state
    }

    /// The name of the violated constraint, if that was the trouble.
    package var constraint: String? {
        guard case .server(_, _, _, let constraint) = self else { return nil }
        return constraint
    }

    /// Whether the same statement may succeed later with nobody changing anything: the server is
    /// away, starting, stopping, full, read-only after a failover, all connections are taken, or
    /// others were in the way.
    package var isUnavailable: Bool {
        switch self {
        case .server(let state, _, _, _): Self.isUnavailable(sqlState: state)
        case .notConnected, .connectTimedOut, .connectionLost, .poolExhausted: true
        case .timedOut, .resultTooLarge, .invalidStatement, .decoding, .rolledBack, .cancelled,
            .closed:
            false
        }
    }

    /// Class 08 is the connection, class 53 a lack of resources (disk, memory, connections), class
    /// 58 trouble outside of PostgreSQL (its disk).
    private static func isUnavailable(sqlState: String) -> Bool {
        ["08", "53", "58"].contains { sqlState.hasPrefix($0) } || passingStates.contains(sqlState)
    }

    /// Stopping, crashed, starting, idle for too long, read-only; then what others did to the
    /// statement: it lost a race or a deadlock, waited too long for a lock, or was cancelled.
    private static let passingStates: Set = [
        "57P01", "57P02", "57P03", "57P05", "25006", "40001", "40P01", "55P03", "57014",
    ]
}

extension PostgresError: CustomStringConvertible {
    /// One line without parameter values and without the password.
    package var description: String {
        switch self {
        case .server(let state, let message, _, let constraint):
            // Messages of class 22 quote the value they could not read.
            "PostgreSQL error \(state)" + (state.hasPrefix("22") ? "" : ": \(message)")
                + (constraint.map { " (constraint \($0))" } ?? "")
        case .notConnected(let reason): "no connection to PostgreSQL: \(reason)"
        case .connectTimedOut: "no connection to PostgreSQL: it did not answer in time"
        case .timedOut(let statement): "the statement took too long: \(statement)"
        case .connectionLost(let reason): "connection to PostgreSQL lost: \(reason)"
        case .poolExhausted: "all connections to PostgreSQL are busy"
        case .resultTooLarge(let bound): "the answer is larger than \(bound)"
        case .invalidStatement(let reason): "the statement cannot be sent: \(reason)"
        case .decoding(let column, let reason): "column \(column) \(reason)"
        case .rolledBack: "the transaction was rolled back because a statement in it had failed"
        case .cancelled: "cancelled"
        case .closed: "closed"
        }
    }
}
