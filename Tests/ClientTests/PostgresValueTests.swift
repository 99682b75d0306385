import FoundationEssentials
import Testing

@testable import Postgres

struct PostgresValueTests {
    @Test(
        arguments: [
            ["a"], [], [""], ["a,b", "{x}", "\"q\"", "\\", "NULL", nil, " sp ", "ü😀\n"],
        ] as [[String?]]
    )
    func `arrays survive the round trip`(elements: [String?]) {
        #expect(ArrayText.read(ArrayText.write(elements)) == elements)
    }

    @Test(
        arguments: [
            ("{a,b c,NULL,\"NULL\"}", ["a", "b c", nil, "NULL"]),
            ("[0:1]={x,y}", ["x", "y"]),
            (#"{"a\"b","c\\d"}"#, ["a\"b", "c\\d"]),
        ] as [(String, [String?])]
    )
    func `the server's way of writing arrays is read`(text: String, elements: [String?]) {
        #expect(ArrayText.read(text) == elements)
    }

    @Test(arguments: ["", "{", "a", "{a", "{{a},{b}}", "{a,}", "{\"a}", "{\"a\"b}", "{,}"])
    func `broken arrays are refused`(text: String) {
        #expect(ArrayText.read(text) == nil)
    }

    @Test func `an array with a null is not an array of strings`() {
        #expect([String](postgresText: "{a,NULL}") == nil)
        #expect([String?](postgresText: "{a,NULL}") == ["a", nil])
    }

    @Test(arguments: [
        ("2001-01-01 00:00:00+00", 0.0),
        ("1970-01-01 00:00:00+00", -978_307_200),
        ("2026-11-22 16:04:39.123456+00", 817_056_279.123456),
        ("2000-02-29 23:59:59.5+00", -26_438_400.5),
        ("2026-11-22 21:34:39+05:30", 817_056_279),
        ("2026-11-22 08:04:39-08", 817_056_279),
        ("2001-01-01", 0), ("2001-01-01 00:00:01", 1),
    ])
    func `times are read`(text: String, reference: Double) {
        #expect(Date(postgresText: text)?.timeIntervalSinceReferenceDate == reference)
    }

    @Test(arguments: [0.0, -978_307_200.000001, 817_056_279.123456, -62e9, -70e9, 9e11, 0.999999])
    func `times survive the round trip to the microsecond`(reference: Double) throws {
        let text = DateText.write(Date(timeIntervalSinceReferenceDate: reference))
        let read = try #require(DateText.read(text))

        #expect(abs(read.timeIntervalSinceReferenceDate - reference) < 1e-3)
        if abs(reference) < 1e9 {
            #expect(DateText.write(read) == text)
            #expect(abs(read.timeIntervalSinceReferenceDate - reference) < 1e-6)
        }
    }

    @Test func `times are written as the server writes them`() {
        #expect(
            DateText.write(Date(timeIntervalSinceReferenceDate: 817_056_279.123456))
                == "2026-11-22 16:04:39.123456+00"
        )
        #expect(DateText.write(Date(timeIntervalSinceReferenceDate: 1e15)) == "infinity")
        #expect(DateText.write(Date(timeIntervalSinceReferenceDate: -1e15)) == "-infinity")
        #expect(DateText.write(Date(timeIntervalSinceReferenceDate: .nan)) == "not a time")
        #expect(DateText.write(Date(timeIntervalSinceReferenceDate: -64e9)).hasSuffix(" BC"))
    }

    @Test(arguments: [
        "", "infinity", "2026", "2026-13-01", "2026-01-01 25:00:00+00", "99999999999999-01-01",
        "2026-01-01 00:00:00+00 AD", "2026-01-01 00:00:00.1234567+00", "2026-01-32",
    ])
    func `what is not a time is refused`(text: String) {
        #expect(Date(postgresText: text) == nil)
    }

    @Test func `bytes are read from hexadecimal digits`() {
        #expect([UInt8](postgresText: "\\x00ff7f") == [0, 255, 127])
        #expect([UInt8](postgresText: "\\x") == [])
        #expect([UInt8](postgresText: "\\x0") == nil)
        #expect([UInt8](postgresText: "\\xzz") == nil)
        #expect([UInt8](postgresText: "abc") == nil)
    }

    @Test func `a column that is missing, null or of another type is named`() {
        let row = PostgresRow(
            columns: PostgresColumns(names: ["number", "nothing"]),
            values: ["seven", nil]
        )

        #expect(throws: PostgresError.decoding(column: "x", reason: "is not in the result")) {
            try row.textIfAny("x")
        }
        #expect(throws: PostgresError.decoding(column: "nothing", reason: "is null")) {
            try row.text("nothing")
        }
        let error = #expect(throws: PostgresError.self) { try row.int("number") }
        #expect(error?.description.contains("number") == true)
        #expect(throws: Never.self) { try row.intIfAny("nothing") }
    }
}
