import EventLoop
import Testing

@testable import Postgres

/// Pools on one healthy server that several suites share.
struct PostgresScratch {
    private static let shared = PostgresTestServer.untilExit()

    private let server: PostgresTestServer
    /// A suite's own, because making one schema twice at the same moment fails.
    private let schema: String

    init(schema: String) throws {
        self.schema = schema
        server = try Self.shared.get()
    }

    func withPool(
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
            schema: schema,
            size: size,
            timeouts: timeouts,
            limits: limits
        )
        let result: Result<Void, any Error>
        do {
            try await pool.execute("CREATE SCHEMA IF NOT EXISTS \(identifier: schema)")
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        loop.stop()
        try result.get()
    }

    func one(_ pool: PostgresPool, _ sql: SQL) async throws -> PostgresRow {
        try #require(try await pool.query(sql).first)
    }
}
