internal import JSON

/// Pure: how many tasks of a name a worker may begin in a time, as Celery's `rate_limit` says it.
struct TaskRate: Sendable, Equatable {
    /// As it was asked for.
    let text: String
    /// From one task to the next.
    let interval: Duration

    /// Why a rate is none, in the words that Celery has for it.
    struct Malformed: Error, Equatable {
        let words: String
    }

    /// Longest time from one task to the next, in seconds.
    private static let secondsMax = 86_400.0
    private static let textBytesMax = 64
    private static let units: [Substring: Double] = ["": 1, "s": 1, "m": 60, "h": 3600]

    /// Reads `10/m`, `100/h`, `5/s`, `5` or a number, per second unless it says otherwise (celery
    /// 5.7.0, utils/time.py `rate` and worker/control.py `rate_limit`, 2026-11-23).
    ///
    /// - Returns: `nil` for no limit: 0, an empty text, null or false.
    static func read(_ value: JSONValue) throws(Malformed) -> TaskRate? {
        switch value {
        case .null, .bool(false), "": return nil
        case .integer(let number): return try make(Double(number), PythonText.of(value))
        case .double(let number): return try make(number, PythonText.of(value))
        case .string(let text) where text.utf8.count <= textBytesMax: return try read(text)
        default: throw invalid("must be a number, or a text such as 10/m")
        }
    }

    private static func read(_ text: String) throws(Malformed) -> TaskRate? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        // Python knows no hexadecimal ones.
        guard let count = Double(digits), !digits.lowercased().contains("x") else {
            let shown = PythonText.of(.string(String(parts[0])))
            throw invalid("could not convert string to float: \(shown)")
        }
        let unit = parts.count == 2 ? parts[1] : ""
        guard let seconds = units[unit] else {
            throw Malformed(words: "KeyError(\(PythonText.of(.string(String(unit)))))")
        }
        return try make(count / seconds, text)
    }

    private static func make(_ perSecond: Double, _ text: String) throws(Malformed) -> TaskRate? {
        if perSecond == 0 { return nil }
        guard perSecond.isFinite, perSecond > 0, 1 / perSecond <= secondsMax else {
            throw invalid("must be a positive number, and at least one task a day")
        }
        return TaskRate(text: text, interval: .seconds(1 / perSecond))
    }

    private static func invalid(_ words: String) -> Malformed {
        Malformed(
            words: "Invalid rate limit string: ValueError(\(PythonText.of(.string(words))))"
        )
    }
}

/// Pure: a bucket with room for one token, which fills at a rate; whoever finds none is told when
/// to come again, each at a moment of its own.
struct RateBucket: Sendable {
    typealias Instant = ContinuousClock.Instant

    let interval: Duration
    /// When the last token was taken.
    private var taken: Instant?
    /// The last moment that was given to somebody who comes for the first time.
    private var promised: Instant?
    /// The same for those that have waited before: they go first.
    private var promisedAgain: Instant?

    /// Nobody who comes first takes the token from whom it was promised to and is a little late.
    private static let lateness = Duration.milliseconds(500)
    /// A wait that is worth a timer.
    private static let waitMin = Duration.milliseconds(20)

    init(interval: Duration) {
        self.interval = interval
    }

    /// A token that may be given back.
    struct Token: Sendable {
        fileprivate let at: Instant
        fileprivate let before: Instant?
    }

    /// - Parameter hasWaited: whether it was told before to come again.
    /// - Returns: `nil` when there is none for it now.
    mutating func take(hasWaited: Bool, at now: Instant) -> Token? {
        guard now >= free(after: now) else { return nil }
        if !hasWaited, let promised, now < promised + min(interval, Self.lateness) { return nil }
        defer { taken = now }
        return Token(at: now, before: taken)
    }

    /// It was not needed.
    mutating func giveBack(_ token: Token) {
        if taken == token.at { taken = token.before }
    }

    /// How long to wait: until a token is there that nobody else was promised.
    ///
    /// - Parameter most: then it looks again, for the rate may be another by then.
    mutating func promise(hasWaited: Bool, at now: Instant, atMost most: Duration) -> Duration {
        let last = hasWaited ? promisedAgain : promised
        let moment = max(free(after: now), last.map { $0 + interval } ?? now)
        let due = min(moment, now + most)
        if hasWaited { promisedAgain = due } else { promised = due }
        return max(Self.waitMin, now.duration(to: due))
    }

    private func free(after now: Instant) -> Instant {
        taken.map { $0 + interval } ?? now
    }
}
