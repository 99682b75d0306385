/// How long to wait before the next attempt to connect: a random part of a bound that doubles, so
/// that many workers do not come back at the same moment.
struct BackOff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(5)

    private var bound = Self.first

    mutating func next() -> Duration {
        defer { bound = min(bound * 2, Self.longest) }
        // Never zero: a refusal may come back in microseconds.
        return max(.milliseconds(10), bound * Double.random(in: 0..<1))
    }

    mutating func reset() {
        bound = Self.first
    }
}
