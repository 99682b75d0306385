import EventLoop
import FoundationEssentials
import Testing

@testable import Postgres

/// Statements, values, transactions and pipelines on a healthy server.
@Suite(.serialized) struct PostgresStatementTests {
    private static let shared = PostgresTestServer.untilExit()

    private let server: PostgresTestServer

    init() throws {
        server = try Self.shared.get()
    }

    private func withPool(
        size: Int = 4,
        timeouts: PostgresTimeouts = PostgresTimeouts(),
        limits: PostgresLimits = PostgresLimits(),
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        let loop = EventLoop(name: "postgres-test")
        let pool = PostgresPool(
            try PostgresAddress(server.url),
            on: loop,
            applicationName: "statement tests",
            schema: "scratch",
            size: size,
            timeouts: timeouts,
            limits: limits
        )
        let result: Result<Void, any Error>
        do {
            try await pool.execute("CREATE SCHEMA IF NOT EXISTS scratch")
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        loop.stop()
        try result.get()
    }

    private func one(_ pool: PostgresPool, _ sql: SQL) async throws -> PostgresRow {
        try #require(try await pool.query(sql).first)
    }

    // MARK: Values

    @Test func `every type survives the round trip`() async throws {
        try await withPool { pool in
            let now = Date(timeIntervalSinceReferenceDate: 817_056_279.123456)
            let bytes = [UInt8](0...255)
            let row = try await one(
                pool,
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
        try await withPool { pool in
            let row = try await one(
                pool,
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
        try await withPool { pool in
            let list: [String?] = [value, nil, "NULL", value + ","]
            let row = try await one(pool, "SELECT \(value)::text AS t, \(list)::text[] AS list")

            #expect(Array(try row.text("t").unicodeScalars) == Array(value.unicodeScalars))
            #expect(try row.decode("list") == list)
        }
    }

    @Test(arguments: [
        -978_307_200, 0, 817_056_279.123456, 0.000001, -0.000001, -63_114_076_800, -70e9, 2.5e11,
    ])
    func `times agree with the server's to the microsecond`(reference: Double) async throws {
        try await withPool { pool in
            let date = Date(timeIntervalSinceReferenceDate: reference)
            let row = try await one(
                pool,
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
        try await withPool { pool in
            try await pool.execute("ALTER ROLE tester SET TimeZone TO 'Asia/Kathmandu'")
            try await pool.execute("ALTER ROLE tester SET DateStyle TO 'German, DMY'")
            try await pool.execute("ALTER ROLE tester SET bytea_output TO 'escape'")
        }
        try await withPool { pool in
            let row = try await one(
                pool,
                """
                SELECT timestamptz '2026-11-22 16:04:39+00' AS at, bytea '\\x00ff' AS raw,
                       current_setting('application_name') AS name, current_schema() AS schema,
                       current_setting('client_encoding') AS encoding
                """
            )

            #expect(try row.date("at").timeIntervalSinceReferenceDate == 817_056_279)
            #expect(try row.bytes("raw") == [0, 255])
            #expect(try row.text("name") == "statement tests")
            #expect(try row.text("schema") == "scratch")
            #expect(try row.text("encoding") == "UTF8")
            try await pool.execute("ALTER ROLE tester RESET ALL")
        }
    }

    @Test func `a NUL character is refused before anything is sent`() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT \("a\0b")::text AS t")
            }

            #expect(error == .invalidStatement(reason: "parameter 1 holds a NUL character"))
            let row = try await one(pool, "SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }

    // MARK: Statements

    @Test func `affected rows are counted`() async throws {
        try await withPool { pool in
            try await pool.execute("CREATE TABLE counted (n int)")

            #expect(
                try await pool.execute("INSERT INTO counted SELECT generate_series(1, 5)") == 5
            )
            #expect(try await pool.execute("UPDATE counted SET n = 0 WHERE n > \(3)") == 2)
            #expect(try await pool.execute("DELETE FROM counted WHERE n = \(99)") == 0)
        }
    }

    @Test func `a violated constraint keeps its code and its name`() async throws {
        try await withPool { pool in
            try await pool.execute("CREATE TABLE named (n int CONSTRAINT named_once UNIQUE)")
            try await pool.execute("INSERT INTO named VALUES (\(1))")
            let error = await #expect(throws: PostgresError.self) {
                try await pool.execute("INSERT INTO named VALUES (\(1))")
            }

            #expect(error?.sqlState == "23505")
            #expect(error?.constraint == "named_once")
            #expect(error?.isUnavailable == false)
        }
    }

    @Test func `two hundred queries share four connections`() async throws {
        try await withPool { pool in
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let row = try #require(
                            try await pool.query(
                                "SELECT \(number)::int AS n, pg_backend_pid()::text AS pid"
                            ).first
                        )
                        #expect(try row.int("n") == number)
                        return (number, try row.text("pid"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(Set(answers.map(\.0)).count == 200)
            #expect(Set(answers.map(\.1)).count <= 4)
        }
    }

    @Test func `an answer with too many rows or bytes names the bound`() async throws {
        let limits = PostgresLimits(rows: 100, bytes: 10_000)
        try await withPool(limits: limits) { pool in
            await #expect(throws: PostgresError.resultTooLarge(bound: "100 rows")) {
                try await pool.query("SELECT generate_series(1, 100000)")
            }
            await #expect(throws: PostgresError.resultTooLarge(bound: "10000 bytes")) {
                try await pool.query("SELECT repeat('x', 10001)")
            }
            let rows = try await pool.query("SELECT generate_series(1, 100)")
            #expect(rows.count == 100)
        }
    }

    @Test func `COPY and too long a pipeline are refused`() async throws {
        try await withPool(limits: PostgresLimits(pipeline: 2)) { pool in
            await #expect(throws: PostgresError.invalidStatement(reason: "COPY is not supported")) {
                try await pool.query("COPY (SELECT 1) TO STDOUT")
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.pipeline(["SELECT 1", "SELECT 2", "SELECT 3"])
            }
            guard case .invalidStatement = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let row = try await one(pool, "SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }

    // MARK: Transactions

    private struct Oops: Error {}

    @Test func `a thrown error rolls back and is thrown on as it is`() async throws {
        try await withPool { pool in
            try await pool.execute("CREATE TABLE rolled (n int)")

            await #expect(throws: Oops.self) {
                try await pool.transaction { transaction in
                    #expect(try await transaction.execute("INSERT INTO rolled VALUES (1)") == 1)
                    throw Oops()
                }
            }
            #expect(try await pool.query("SELECT n FROM rolled").isEmpty)
        }
    }

    @Test func `a transaction that ends well is kept`() async throws {
        try await withPool(size: 1) { pool in
            let count = try await pool.transaction { transaction in
                try await transaction.runScript(
                    """
                    CREATE TABLE kept (n int); -- a comment; with a semicolon
                    INSERT INTO kept VALUES (1), (2);
                    """
                )
                try await transaction.pipeline([
                    "INSERT INTO kept VALUES (\(3))", "INSERT INTO kept VALUES (\(4))",
                ])
                return try await transaction.query("SELECT n FROM kept").count
            }

            #expect(count == 4)
            #expect(try await pool.query("SELECT n FROM kept").count == 4)
        }
    }

    @Test func `a failed script leaves nothing behind and keeps its code`() async throws {
        try await withPool(size: 1) { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    try await transaction.runScript("CREATE TABLE half (n int); SELECT 1/0")
                }
            }

            #expect(error?.sqlState == "22012")
            let row = try await one(pool, "SELECT to_regclass('half')::text AS name")
            #expect(try row.textIfAny("name") == nil)
        }
    }

    @Test func `a commit after a swallowed error is not taken for success`() async throws {
        try await withPool(size: 1) { pool in
            await #expect(throws: PostgresError.rolledBack) {
                try await pool.transaction { transaction in
                    await #expect(throws: PostgresError.self) {
                        try await transaction.execute("SELECT 1/0")
                    }
                }
            }
            let row = try await one(pool, "SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }

    @Test func `a transaction kept after its end is of no use`() async throws {
        try await withPool(size: 1) { pool in
            let kept = try await pool.transaction { $0 }

            await #expect(throws: PostgresError.closed) { try await kept.query("SELECT 1") }
        }
    }

    @Test func `statements of one transaction may be started together`() async throws {
        try await withPool(size: 1) { pool in
            let sum = try await pool.transaction { transaction in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 1...20 {
                        group.addTask {
                            try await transaction.query("SELECT \(number)::int AS n")[0].int("n")
                        }
                    }
                    return try await group.reduce(0, +)
                }
            }

            #expect(sum == 210)
        }
    }

    // MARK: Pipelines

    @Test func `a pipeline answers every statement`() async throws {
        try await withPool(size: 1) { pool in
            let results = try await pool.pipeline([
                "CREATE TABLE piped (n int UNIQUE)", "INSERT INTO piped VALUES (\(1)), (\(2))",
                "SELECT n FROM piped ORDER BY n", "UPDATE piped SET n = n + 10 WHERE n = \(1)",
            ])

            #expect(results.map(\.rowsAffected) == [0, 2, 2, 1])
            #expect(try results[2].rows.map { try $0.int("n") } == [1, 2])
            #expect(try await pool.pipeline([]).isEmpty)
        }
    }

    @Test func `a pipeline that fails in the middle changes nothing`() async throws {
        try await withPool(size: 1) { pool in
            try await pool.execute("CREATE TABLE whole (n int CONSTRAINT whole_once UNIQUE)")
            let error = await #expect(throws: PostgresError.self) {
                try await pool.pipeline([
                    "INSERT INTO whole VALUES (1)", "INSERT INTO whole VALUES (1)",
                    "INSERT INTO whole VALUES (2)",
                ])
            }

            #expect(error?.constraint == "whole_once")
            #expect(try await pool.query("SELECT n FROM whole").isEmpty)
        }
    }

    @Test func `a long pipeline with large answers does not stall`() async throws {
        try await withPool(size: 1) { pool in
            let text = String(repeating: "y", count: 50_000)
            let results = try await pool.pipeline(
                (0..<200).map { "SELECT \($0)::int AS n, \(text)::text AS t" }
            )

            #expect(try results.map { try $0.rows[0].int("n") } == Array(0..<200))
            #expect(try results.allSatisfy { try $0.rows[0].text("t") == text })
        }
    }
}
