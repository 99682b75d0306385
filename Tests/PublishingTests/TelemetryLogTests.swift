import FoundationEssentials
import JSON
import Telemetry
import Testing

struct TelemetryLogTests {
    /// 2026-11-22T16:05:12.123Z.
    static let moment = Date(timeIntervalSince1970: 1_795_363_512.123)

    private func log(
        _ lines: Lines,
        _ format: LogFormat = .json,
        level: LogLevel = .debug
    ) -> Log {
        Log(
            level: level,
            format: format,
            redactor: Redactor(),
            now: { Self.moment },
            sink: lines.sink
        )
    }

    @Test func `a line of JSON holds time, level, event and fields in order`() {
        let lines = Lines()

        log(lines).info(
            "job.retry",
            [
                "attempt": 3, "wait": .duration(.milliseconds(1500)),
                "reason": "tiktok.rate_limited",
                "ratio": 0.25, "last": false, "post_id": nil, "bytes": .integer(UInt64.max),
            ]
        )

        #expect(
            lines.all == [
                #"{"time":"2026-11-22T16:05:12.123Z","level":"info","event":"job.retry","#
                    + #""attempt":3,"wait":1.5,"reason":"tiktok.rate_limited","ratio":0.25,"#
                    + #""last":false,"bytes":9223372036854775807}"# + "\n"
            ]
        )
    }

    @Test func `a line of text is for people`() {
        let lines = Lines()

        log(lines, .text).warning(
            "job.retry",
            ["wait": .duration(.seconds(40)), "reason": "two words", "code": "one", "step": ""]
        )

        #expect(
            lines.last
                == "2026-11-22T16:05:12.123Z WARNING job.retry wait=40.0s"
                + " reason=\"two words\" code=one step=\"\"\n"
        )
    }

    @Test func `events below the level are not written`() {
        let lines = Lines()
        let log = log(lines, level: .warning)

        log.debug("a")
        log.info("b")
        log.warning("c")
        log.error("d")

        #expect(lines.all.count == 2)
    }

    @Test func `the context of a task is on every line of it and its children`() async {
        let lines = Lines()
        let log = log(lines)
        let tagger = AccountTagger { _ in [0xAB, 0x01, 2, 3, 4, 5, 6, 7] }
        let context = LogContext(
            job: "j-1",
            account: tagger.tag("mira"),
            attempt: 2,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )

        await LogContext.$current.withValue(context) {
            await withTaskGroup { group in group.addTask { log.info("child", ["attempt": 9]) } }
        }
        log.info("outside")

        #expect(lines.all.first?.contains(#""job":"j-1","account":"ab0102030405","#) == true)
        #expect(
            lines.all.first?.contains(#""traceparent":"00-0af7651916cd43dd8448eb211c80319c"#)
                == true
        )
        #expect(lines.all.first?.contains(#""attempt":9}"#) == true, "the event's own field counts")
        #expect(lines.last.contains("job") == false)
    }

    @Test func `an account tag depends on account and key and shows neither`() {
        let first = AccountTagger { message in Array(message.suffix(6)) }
        let second = AccountTagger { message in message.suffix(6).map { $0 ^ 1 } }

        #expect(first.tag("account1") == first.tag("account1"))
        #expect(first.tag("account1") != first.tag("account2"))
        #expect(first.tag("account1") != second.tag("account1"))
        #expect("\(first.tag("account1"))".count == 12)
    }

    static let hostile = [
        "a\nb", "a\r\n{\"level\":\"error\"}", "a\u{0}b", "\u{1B}[31mred", "a\u{85}b", "a\u{2028}b",
        "a\u{202E}b", "\u{7F}", "a\tb", "\"quoted\"", "back\\slash", "x=y z", "\u{FEFF}",
        "e\u{301}",
        "👩‍👩‍👧", "\u{10FFFF}",
    ]

    @Test(arguments: hostile)
    func `no text can end a line, forge a field or hide what follows`(text: String) throws {
        let lines = Lines()
        log(lines).info("event", ["reason": .string(text)])
        log(lines, .text).info("event", ["reason": .string(text)])

        let parsed = try JSONValue(parsing: Array(lines.all[0].utf8))
        #expect(parsed["reason"]?.string == text)
        #expect(parsed.object?.count == 4)
        for line in lines.all {
            #expect(
                line.unicodeScalars.filter { $0.properties.generalCategory == .control }.count == 1
            )
            #expect(!line.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{2028}" })
        }
        #expect(lines.all[1].split(separator: "reason=").count == 2)
    }

    @Test func `long values and long lines are cut and stay JSON`() throws {
        let lines = Lines()
        let long = String(repeating: "\n👍", count: 3000)

        log(lines).info(
            "event",
            [
                "reason": .string(long), "detail": .string(long), "message": .string(long),
                "error": .string(long), "code": .string(long), "status": .string(long),
                "state": .string(long), "stage": .string(long), "step": .string(long),
                "kind": .string(long),
            ]
        )

        #expect(lines.last.utf8.count <= 8192 + 32)
        let parsed = try JSONValue(parsing: Array(lines.last.utf8))
        #expect(parsed["cut"] == true)
        #expect(parsed["reason"]?.string?.hasSuffix("…") == true)
    }

    @Test func `numbers that JSON does not know are texts`() throws {
        let lines = Lines()

        log(lines).info("event", ["a": .double(.nan), "b": .double(-.infinity), "c": 1e300])

        let parsed = try JSONValue(parsing: Array(lines.last.utf8))
        #expect(parsed["a"] == "nan")
        #expect(parsed["b"] == "-inf")
        #expect(parsed["c"] == .double(1e300))
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000Z"), (1_709_164_800.0, "2024-02-29T00:00:00.000Z"),
        (1_735_689_599.999, "2024-12-31T23:59:59.999Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
        (951_782_400.5, "2000-02-29T00:00:00.500Z"), (4_107_542_400.0, "2100-03-01T00:00:00.000Z"),
        (1e30, "9999-12-31T23:59:59.999Z"), (-1e30, "0001-01-01T00:00:00.000Z"),
    ])
    func `moments are written in UTC to the millisecond`(seconds: Double, text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}
