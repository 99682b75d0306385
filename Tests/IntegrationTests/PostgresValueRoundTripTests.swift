import FoundationEssentials
import Support
import Testing

@testable import Postgres

/// Values on their way to a real server and back.
@Suite(.serialized) struct PostgresValueRoundTripTests {
    private let scratch: ScratchPostgres

    init() async throws { scratch = try await ScratchPostgres(schema: "scratch") }

    @Test func `every type survives the round trip`() async throws {
        try await scratch.withPool { pool in
            let now = Date(timeIntervalSinceReferenceDate: 817_056_279.123456)
            let bytes = [UInt8](0...255)
            let row = try await pool.one(
                """
                SELECT \("text")::text AS t, \(Int.min)::bigint AS i, \(Int64.max)::bigint AS l,
                       \(7)::int AS s, \(true)::boolean AS b, \(0.1)::double precision AS d,
                       \(now)::timestamptz AS at, \(bytes)::bytea AS raw,
                       \(.json(#"{"a":[1,null]}"#))::jsonb AS j, \(["a", "b"])::text[] AS list
                """
            )

            #expect(try row.text("t") == "text")
            #expect(try row.int("i") == Int.min)
            #expect(try row.int64("l") == Int64.max)
            #expect(try row.int("s") == 7)
            #expect(try row.bool("b"))
            #expect(try row.double("d") == 0.1)
            #expect(try row.date("at") == now)
            #expect(try row.bytes("raw") == bytes)
            #expect(try row.text("j") == #"{"a": [1, null]}"#)
            #expect(try row.textArray("list") == ["a", "b"])
        }
    }

    @Test func `every type may be null`() async throws {
        try await scratch.withPool { pool in
            let row = try await pool.one(
                """
                SELECT \(nil as String?)::text AS t, \(nil as Int?)::int AS i,
                       \(nil as Int64?)::bigint AS l, \(nil as Bool?)::boolean AS b,
                       \(nil as Double?)::double precision AS d, \(nil as Date?)::timestamptz AS at,
                       \(nil as [UInt8]?)::bytea AS raw, \(nil as [String]?)::text[] AS list
                """
            )

            #expect(try row.textIfAny("t") == nil)
            #expect(try row.intIfAny("i") == nil)
            #expect(try row.int64IfAny("l") == nil)
            #expect(try row.boolIfAny("b") == nil)
            #expect(try row.doubleIfAny("d") == nil)
            #expect(try row.dateIfAny("at") == nil)
            #expect(try row.bytesIfAny("raw") == nil)
            #expect(try row.textArrayIfAny("list") == nil)
        }
    }

    @Test(arguments: [
        "", "'; DROP TABLE x; --", "\"", "\\", "\\'", "$1", "%s", "line\nbreak\r\ttab",
        "ünïcödé 😀 日本 e\u{301}", "{a,\"b\"}", "NULL", "\u{1}\u{7f}",
        String(repeating: "x", count: 300_000),
    ])
    func `hostile strings survive the round trip`(value: String) async throws {
        try await scratch.withPool { pool in
            let list: [String?] = [value, nil, "NULL", value + ","]
            let row = try await pool.one(
                "SELECT \(value)::text AS t, \(list)::text[] AS list"
            )

            #expect(Array(try row.text("t").unicodeScalars) == Array(value.unicodeScalars))
            #expect(try row.decode("list") == list)
        }
    }

    @Test(arguments: [
        -978_307_200, 0, 817_056_279.123456, 0.000001, -0.000001, -63_114_076_800, -70e9, 2.5e11,
    ])
    func `times agree with the server's to the microsecond`(reference: Double) async throws {
        try await scratch.withPool { pool in
            let date = Date(timeIntervalSinceReferenceDate: reference)
            let row = try await pool.one(
                """
                SELECT \(date)::timestamptz AS at, extract(epoch FROM \(date)::timestamptz
                       - timestamptz '2001-01-01 00:00:00+00')::text AS seconds
                """
            )

            #expect(abs(try row.date("at").timeIntervalSinceReferenceDate - reference) < 1e-4)
            #expect(Double(try row.text("seconds")) == reference)
        }
    }

    @Test func `the session overrides what the role has set`() async throws {
        try await scratch.withPool { pool in
            // It may make the schema, as every pool here does.
            try await pool.execute("CREATE ROLE abroad SUPERUSER LOGIN PASSWORD 'visa'")
            try await pool.execute("ALTER ROLE abroad SET TimeZone TO 'Asia/Kathmandu'")
            try await pool.execute("ALTER ROLE abroad SET DateStyle TO 'German, DMY'")
            try await pool.execute("ALTER ROLE abroad SET bytea_output TO 'escape'")
        }
        try await scratch.withPool(login: "abroad:visa") { pool in
            let row = try await pool.one(
                """
                SELECT timestamptz '2026-11-22 16:04:39+00' AS at, bytea '\\x00ff' AS raw,
                       current_setting('application_name') AS name, current_schema() AS schema,
                       current_setting('client_encoding') AS encoding
                """
            )

            #expect(try row.date("at").timeIntervalSinceReferenceDate == 817_056_279)
            #expect(try row.bytes("raw") == [0, 255])
            #expect(try row.text("name") == "postgres tests")
            #expect(try row.text("schema") == "scratch")
            #expect(try row.text("encoding") == "UTF8")
        }
        try await scratch.withPool { pool in
            try await pool.execute("DROP ROLE abroad")
        }
    }

    @Test func `a NUL character is refused before anything is sent`() async throws {
        try await scratch.withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT \("a\0b")::text AS t")
            }

            #expect(error == .invalidStatement(reason: "parameter 1 holds a NUL character"))
            let row = try await pool.one("SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }
}
