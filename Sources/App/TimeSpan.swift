internal import FoundationEssentials
internal import Publishing

/// Pure: lengths of time as people write and read them.
enum TimeSpan {
    private static let units: [(letter: Character, seconds: Double)] = [
        ("d", 86400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    /// Reads a number with its unit, such as `90s`, `15m`, `6h` or `2d`; `nil`: it is none.
    static func seconds(_ text: String) -> Double? {
        guard let unit = units.first(where: { $0.letter == text.last }),
            text.dropLast().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let count = Double(text.dropLast()), count < 1e6
        else { return nil }
        return count * unit.seconds
    }

    /// The two largest units, rounded down: `3d 4h`, `15m`, `0s`.
    static func text(_ duration: Duration) -> String {
        var rest = max(0, duration.milliseconds / 1000)
        var parts: [String] = []
        for (letter, seconds) in units {
            let count = rest / Int64(seconds)
            rest %= Int64(seconds)
            if count > 0 { parts.append("\(count)\(letter)") }
            if parts.count == 2 || (parts.count == 1 && count == 0) { break }
        }
        return parts.isEmpty ? "0s" : parts.joined(separator: " ")
    }

    /// How long ago something was.
    static func age(_ date: Date) -> String {
        text(.seconds(max(0, Date.now.timeIntervalSince(date))))
    }
}

extension Date {
    /// UTC, to the second.
    var instant: String { formatted(Date.ISO8601FormatStyle()) }
}
