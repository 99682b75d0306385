import Support
import Testing

@testable import Postgres

/// Statements, transactions and pipelines on a healthy server.
@Suite(.serialized) struct PostgresStatementTests {
    private let scratch: ScratchPostgres

    init() async throws { scratch = try await ScratchPostgres(schema: "state\"ments") }

    // MARK: Statements

    @Test func `affected rows are counted`() async throws {
        try await scratch.withPool { pool in
            try await pool.execute("CREATE TABLE counted (n int)")

            #expect(
                try await pool.execute("INSERT INTO counted SELECT generate_series(1, 5)") == 5
            )
            #expect(try await pool.execute("UPDATE counted SET n = 0 WHERE n > \(3)") == 2)
            #expect(try await pool.execute("DELETE FROM counted WHERE n = \(99)") == 0)
        }
    }

    @Test func `a violated constraint keeps its code and its name`() async throws {
        try await scratch.withPool { pool in
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
        try await scratch.withPool { pool in
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
        try await scratch.withPool(limits: limits) { pool in
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
        try await scratch.withPool(limits: PostgresLimits(pipeline: 2)) { pool in
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
            let row = try await pool.one("SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }

    // MARK: Transactions

    private struct Oops: Error {}

    @Test func `a thrown error rolls back and is thrown on as it is`() async throws {
        try await scratch.withPool { pool in
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
        try await scratch.withPool(size: 1) { pool in
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
        try await scratch.withPool(size: 1) { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    try await transaction.runScript("CREATE TABLE half (n int); SELECT 1/0")
                }
            }

            #expect(error?.sqlState == "22012")
            let row = try await pool.one("SELECT to_regclass('half')::text AS name")
            #expect(try row.textIfAny("name") == nil)
        }
    }

    @Test func `a commit after a swallowed error is not taken for success`() async throws {
        try await scratch.withPool(size: 1) { pool in
            await #expect(throws: PostgresError.rolledBack) {
                try await pool.transaction { transaction in
                    await #expect(throws: PostgresError.self) {
                        try await transaction.execute("SELECT 1/0")
                    }
                }
            }
            let row = try await pool.one("SELECT 1 AS n")
            #expect(try row.int("n") == 1)
        }
    }

    @Test func `a transaction kept after its end is of no use`() async throws {
        try await scratch.withPool(size: 1) { pool in
            let kept = try await pool.transaction { $0 }

            await #expect(throws: PostgresError.closed) { try await kept.query("SELECT 1") }
        }
    }

    @Test func `statements of one transaction may be started together`() async throws {
        try await scratch.withPool(size: 1) { pool in
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
        try await scratch.withPool(size: 1) { pool in
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
        try await scratch.withPool(size: 1) { pool in
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
        try await scratch.withPool(size: 1) { pool in
            let text = String(repeating: "y", count: 50_000)
            let results = try await pool.pipeline(
                (0..<200).map { "SELECT \($0)::int AS n, \(text)::text AS t" }
            )

            #expect(try results.map { try $0.rows[0].int("n") } == Array(0..<200))
            #expect(try results.allSatisfy { try $0.rows[0].text("t") == text })
        }
    }
}

extension PostgresPool {
    /// The first row of an answer that must have one.
    func one(_ sql: SQL) async throws -> PostgresRow {
        try #require(try await query(sql).first)
    }
}
