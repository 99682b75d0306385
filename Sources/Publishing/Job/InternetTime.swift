package import FoundationEssentials

/// Pure: reads times as RFC 3339 writes them.
///
/// Foundation's own parser also takes what only looks like one: the 31st of November, or a time
/// with something behind it.
package enum InternetTime {
    /// Reads a time such as `2026-11-22T18:30:00Z`, with a fraction of 1–9 digits or an offset
    /// such as `+02:00` if need be; the letters may be small.
    ///
    /// - Returns: `nil` for anything else.
    package static func read(_ text: String) -> Date? {
        var rest = Array(text.utf8.prefix(36))[...]
        guard let year = number(4, 0...9999, &rest), take("-", &rest) != nil,
            let month = number(2, 1...12, &rest), take("-", &rest) != nil,
            let day = number(2, 1...31, &rest), take("Tt", &rest) != nil,
            let hour = number(2, 0...23, &rest), take(":", &rest) != nil,
            let minute = number(2, 0...59, &rest), take(":", &rest) != nil,
            let second = number(2, 0...60, &rest),  // 60: a leap second
            let fraction = fraction(&rest), let offset = offset(&rest), rest.isEmpty,
            day <= days(in: month, of: year)
        else { return nil }
        let minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset
        return Date(timeIntervalSince1970: Double(minutes * 60 + second) + fraction)
    }

    // MARK: Parts

    private static func number(
        _ digits: Int,
        _ range: ClosedRange<Int>,
        _ rest: inout ArraySlice<UInt8>
    ) -> Int? {
        let part = rest.prefix(digits)
        let isNumber = part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard part.count == digits, isNumber else { return nil }
        rest = rest.dropFirst(digits)
        let value = part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }

    /// Takes away the next character if it is one of these.
    private static func take(_ characters: String, _ rest: inout ArraySlice<UInt8>) -> UInt8? {
        guard let next = rest.first, characters.utf8.contains(next) else { return nil }
        rest = rest.dropFirst()
        return next
    }

    /// In seconds; 0 when there is none.
    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Double? {
        guard take(".", &rest) != nil else { return 0 }
        var value = 0.0
        var unit = 0.1
        while let digit = number(1, 0...9, &rest) {
            value += Double(digit) * unit
            unit /= 10
        }
        return (0.5e-10..<0.05).contains(unit) ? value : nil
    }

    /// In minutes east of Greenwich.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
        guard let sign = take("Zz+-", &rest) else { return nil }
        guard sign | 0x20 != UInt8(ascii: "z") else { return 0 }
        guard let hours = number(2, 0...23, &rest), take(":", &rest) != nil,
            let minutes = number(2, 0...59, &rest)
        else { return nil }
        return (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    // MARK: The calendar

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2:
            year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
                ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counts in years that begin in March, so that the leap day comes last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let march = month > 2 ? year : year - 1
        let leapDays = march / 4 - march / 100 + march / 400
        let daysBeforeMonth = (153 * ((month + 9) % 12) + 2) / 5
        return march * 365 + leapDays + daysBeforeMonth + day - 719_469
    }
}
