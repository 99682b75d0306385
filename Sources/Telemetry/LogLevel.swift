/// How much an event matters.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    /// For somebody who searches for a fault.
    case debug
    /// What was decided.
    case info
    /// Unexpected, and dealt with.
    case warning
    /// Something is lost or stuck until a person looks.
    case error

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }
}

/// How a line is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case json
    /// `TIME LEVEL event key=value …`, for people at a terminal.
    case text
}
