package import FoundationEssentials

/// Moments as RFC 3339 in UTC with milliseconds: `2026-11-22T16:05:12.123Z`.
package enum Timestamp {
    /// Years 1 to 9999; a moment outside is cut to their ends.
    package static func text(_ moment: Date) -> String {
        let bounded = min(max(moment.timeIntervalSince1970, -62_135_596_800), 253_402_300_799.999)
        let milliseconds = Int64((bounded * 1000).rounded())
        let (seconds, fraction) = divide(milliseconds, by: 1000)
        let (days, secondOfDay) = divide(seconds, by: 86400)
        let (year, month, day) = civil(days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(secondOfDay / 3600, 2)):\(padded(secondOfDay / 60 % 60, 2))"
            + ":\(padded(secondOfDay % 60, 2)).\(padded(fraction, 3))Z"
    }

    /// The Gregorian date of a day since 1970; years begin in March, so that the leap day is last.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divide(days + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthSinceMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthSinceMarch + 2) / 5 + 1
        let month = monthSinceMarch < 10 ? monthSinceMarch + 3 : monthSinceMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Division that rounds down, so that the rest is never negative.
    private static func divide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
