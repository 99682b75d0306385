internal import JSON

/// Pure: signals as requests to terminate name them; none is sent, for a worker is one process.
enum CelerySignal {
    /// In the words of Python's `repr`.
    struct Unknown: Error {
        let words: String
    }

    /// - Parameter terminates: whether the command itself says so.
    /// - Returns: `nil` when nothing is to be terminated.
    static func number(
        in arguments: [String: JSONValue],
        terminates: Bool
    ) throws(Unknown) -> Int64? {
        guard terminates || arguments["terminate"]?.bool == true else { return nil }
        return try number(arguments["signal"] ?? .null)
    }

    /// As Celery reads them (celery 5.7.0, platforms.py `Signals.signum`, 2026-11-23).
    private static func number(_ signal: JSONValue) throws(Unknown) -> Int64 {
        switch signal {
        case .null, "": return numbers["SIGTERM"] ?? 15
        case .integer(let number) where (1...64).contains(number): return number
        case .string(let name) where name == name.uppercased():
            let full = name.hasPrefix("SIG") ? name : "SIG" + name
            if let number = numbers[full] { return number }
            let shown = DocumentFields.printable(full)
            throw Unknown(
                words: "AttributeError(\"module 'signal' has no attribute '\(shown)'\")"
            )
        default: throw Unknown(words: "TypeError('signal name must be uppercase string.')")
        }
    }

    /// Linux's.
    private static let numbers: [String: Int64] = [
        "SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGILL": 4, "SIGTRAP": 5, "SIGABRT": 6,
        "SIGBUS": 7, "SIGFPE": 8, "SIGKILL": 9, "SIGUSR1": 10, "SIGSEGV": 11, "SIGUSR2": 12,
        "SIGPIPE": 13, "SIGALRM": 14, "SIGTERM": 15, "SIGCHLD": 17, "SIGCONT": 18, "SIGSTOP": 19,
        "SIGTSTP": 20, "SIGTTIN": 21, "SIGTTOU": 22, "SIGURG": 23, "SIGXCPU": 24, "SIGXFSZ": 25,
        "SIGVTALRM": 26, "SIGPROF": 27, "SIGWINCH": 28, "SIGIO": 29, "SIGPWR": 30, "SIGSYS": 31,
    ]
}
