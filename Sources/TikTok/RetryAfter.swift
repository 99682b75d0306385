internal import FoundationEssentials
internal import HTTP

/// The `Retry-After` header: seconds, or a date in one of HTTP's three forms.
package enum RetryAfter {
    /// Longest wait taken from outside; a longer one is cut to it.
    package static let longest = Duration.seconds(86400)

    /// Reads the header of a reply.
    ///
    /// A date is compared with the reply's own `Date`, so that our clock does not matter.
    ///
    /// - Returns: zero to `longest`; `nil` when there is none, or it cannot be read.
    static func read(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers["Retry-After"] else { return nil }
        let ours = Int64(Date().timeIntervalSince1970)
        let now = headers["Date"].flatMap(HTTPDate.seconds) ?? ours
        return read(text, now: now)
    }

    /// Reads one value; `now` in seconds since 1970.
    package static func read(_ text: String, now: Int64) -> Duration? {
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let isDigits = !trimmed.isEmpty && trimmed.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let seconds =
            isDigits ? Int64(trimmed) ?? .max : HTTPDate.seconds(trimmed).map { max(0, $0 - now) }
        return seconds.map { min(.seconds($0), longest) }
    }
}

/// Dates as HTTP writes them (RFC 9110 §5.6.7), always UTC.
package enum HTTPDate {
    /// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` and its two older forms.
    ///
    /// - Returns: `nil` for anything else, and for days that do not exist.
    package static func seconds(_ text: String) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":
            return moment(day: words[1], month: words[2], year: words[3], time: words[4])
        case 5:
            return moment(day: words[2], month: words[1], year: words[4], time: words[3])
        default: return nil
        }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func moment(
        day: String,
        month: String,
        year: String,
        time: String
    ) -> Int64? {
        guard let day = number(day, 1...31), let month = months.firstIndex(of: month),
            var year = number(year, 0...9999)
        else { return nil }
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23),
            let minute = number(clock[1], 0...59), let second = number(clock[2], 0...60)
        else { return nil }
        guard let days = daysSince1970(year: year, month: Int64(month) + 1, day: day) else {
            return nil
        }
        return days * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func number(
        _ text: some StringProtocol,
        _ allowed: ClosedRange<Int64>
    ) -> Int64? {
        guard let value = wholeNumber(text), allowed.contains(value) else { return nil }
        return value
    }

    /// Days of the proleptic Gregorian calendar; years begin in March, so that the leap day is
    /// last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1970, day <= lengths[Int(month) - 1] else { return nil }
        let marchYear = month <= 2 ? year - 1 : year
        let monthsSinceMarch = (month + 9) % 12
        let dayOfYear = (153 * monthsSinceMarch + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400
            + dayOfYear - 719_468
    }
}
