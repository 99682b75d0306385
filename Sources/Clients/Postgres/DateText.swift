internal import FoundationEssentials

/// The text form of `timestamptz` in a session set to ISO and UTC: `2026-11-22 16:04:39.123456+00`.
enum DateText {
    /// From the reference date of `Date`, 2001-01-01, back to 1970-01-01.
    private static let referenceDays = 11_323

    /// Writes a time rounded to microseconds.
    ///
    /// What the server cannot hold becomes `infinity` or `-infinity`; what
    /// is no time at all becomes a text the server refuses.
    static func write(_ date: Date) -> String {
        let seconds = date.timeIntervalSinceReferenceDate
        guard !seconds.isNaN else { return "not a time" }
        // The server's years end at 294276 and begin at 4713 BC.
        guard seconds < 9.2e12 else { return "infinity" }
        guard seconds > -2.1e11 else { return "-infinity" }
        let microseconds = Int64((seconds * 1e6).rounded())
        let (days, ofDay) = floorDivide(microseconds, by: 86_400_000_000)
        let (year, month, day) = civil(days: Int(days) + referenceDays)
        let shownYear = year > 0 ? year : 1 - year
        let second = ofDay / 1_000_000
        return pad(shownYear, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + " "
            + pad(Int(second / 3600), 2) + ":" + pad(Int(second / 60 % 60), 2) + ":"
            + pad(Int(second % 60), 2) + "." + pad(Int(ofDay % 1_000_000), 6) + "+00"
            + (year > 0 ? "" : " BC")
    }

    /// Reads a time; without an offset, and for a bare date, UTC.
    static func read(_ text: String) -> Date? {
        var reader = DateReader(rest: Array(text.utf8)[...])
        guard let parts = reader.read(), (1...12).contains(parts.month),
            (1...31).contains(parts.day)
        else { return nil }
        let days = Self.days(year: parts.year, month: parts.month, day: parts.day) - referenceDays
        let seconds = days * 86_400 + parts.secondOfDay - parts.offset
        return Date(
            timeIntervalSinceReferenceDate: Double(seconds) + Double(parts.microsecond) / 1e6
        )
    }

    /// Days since 1970-01-01 of a date in the Gregorian calendar.
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(Int64(shifted), by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = Int(yearOfEra) * 365 + Int(yearOfEra) / 4 - Int(yearOfEra) / 100 + dayOfYear
        return Int(era) * 146_097 + dayOfEra - 719_468
    }

    /// The reverse of `days(year:month:day:)`; `civil_from_days` of the same source.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, ofEra) = floorDivide(Int64(days + 719_468), by: 146_097)
        let dayOfEra = Int(ofEra)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// What the text of a time says.
private struct DateParts {
    var year = 0
    var month = 0
    var day = 0
    var secondOfDay = 0
    var microsecond = 0
    /// Seconds east of UTC.
    var offset = 0
}

/// Walks once over the text of a time.
private struct DateReader {
    var rest: ArraySlice<UInt8>

    mutating func read() -> DateParts? {
        var parts = DateParts()
        guard let year = number(), skip("-"), let month = number(), skip("-"), let day = number()
        else { return nil }
        (parts.year, parts.month, parts.day) = (year, month, day)
        if rest.count >= 8, skip(" ") || skip("T") {
            guard let hour = number(), skip(":"), let minute = number(), skip(":"),
                let second = number(), hour <= 24, minute < 60, second <= 60,
                let microsecond = fraction(), let offset = offset()
            else { return nil }
            parts.secondOfDay = hour * 3600 + minute * 60 + second
            (parts.microsecond, parts.offset) = (microsecond, offset)
        }
        if skip(" ") {
            guard skip("B"), skip("C") else { return nil }
            parts.year = 1 - parts.year
        }
        return rest.isEmpty ? parts : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// At most seven digits, so that nothing overflows.
    private mutating func number() -> Int? {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...7).contains(digits.count) else { return nil }
        rest.removeFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private mutating func fraction() -> Int? {
        guard skip(".") else { return 0 }
        let before = rest.count
        guard var value = number(), before - rest.count <= 6 else { return nil }
        for _ in (before - rest.count)..<6 { value *= 10 }
        return value
    }

    private mutating func offset() -> Int? {
        let isEast = skip("+")
        guard isEast || skip("-") else { return 0 }
        guard var seconds = number().map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] where skip(":") {
            guard let value = number() else { return nil }
            seconds += value * unit
        }
        return isEast ? seconds : -seconds
    }
}
