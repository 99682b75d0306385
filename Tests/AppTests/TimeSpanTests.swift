import Testing

@testable import App

/// Lengths of time as operators write and read them.
struct TimeSpanTests {
    @Test(arguments: [
        ("90s", 90.0), ("15m", 900), ("6h", 21_600), ("2d", 172_800), ("1.5h", 5400), ("0s", 0),
    ])
    func `a number with a unit is read`(text: String, seconds: Double) {
        #expect(TimeSpan.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "s", "90", "-5m", "+5m", "5 m", "5M", "1e3s", "0x1s", "inf d", "nans", "٣m", "9999999s",
        "5m\u{0}", "1..2s",
    ])
    func `anything else is not`(text: String) {
        #expect(TimeSpan.seconds(text) == nil)
    }

    @Test(arguments: [
        (0, "0s"), (-5, "0s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (3600, "1h"),
        (3605, "1h"), (86_399, "23h 59m"), (90_061, "1d 1h"), (864_000, "10d"),
    ])
    func `a length is told by its two largest units`(seconds: Int, text: String) {
        #expect(TimeSpan.text(.seconds(seconds)) == text)
    }
}
