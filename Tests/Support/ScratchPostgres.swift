internal import EventLoop
package import Postgres
package import PrivateServers

extension PostgresServer {
    /// User and password of the superuser, as they stand in an address.
    package var login: String { "\(Self.user):\(password)" }

    /// Its address for another login or another database.
    package func url(login: String, database: String = "postgres") -> String {
        "postgresql://\(login)@127.0.0.1:\(port)/\(database)"
    }

    /// Connections to it, for the superuser unless `url` says otherwise; whoever asks closes them.
    package func pool(
        _ url: String? = nil,
        schema: String? = nil,
        size: Int = 1,
        timeouts: PostgresTimeouts = PostgresTimeouts(),
        limits: PostgresLimits = PostgresLimits()
    ) throws -> PostgresPool {
        PostgresPool(
            try PostgresAddress(url ?? self.url),
            on: PostgresLoop.shared,
            applicationName: "postgres tests",
            schema: schema,
            size: size,
            timeouts: timeouts,
            limits: limits
        )
    }
}

/// The loop of every pool of these tests.
private enum PostgresLoop {
    static let shared = EventLoop(name: "postgres-test")
}

/// Pools on the healthy server that tests share, in a schema of one suite.
package struct ScratchPostgres: Sendable {
    private let server: PostgresServer
    /// A suite's own, because making one schema twice at the same moment fails.
    private let schema: String

    package init(schema: String) async throws {
        self.schema = schema
        server = try await TestServers.shared().postgres
    }

    /// Gives the body a pool whose statements find the suite's schema, and closes it.
    ///
    /// - Parameters:
    ///   - login: user and password as they stand in an address; `nil`: the superuser.
    ///   - size: of the pool.
    ///   - limits: of the pool.
    ///   - body: what to do with it.
    /// - Throws: what the body throws, or why there is no schema.
    package func withPool(
        login: String? = nil,
        size: Int = 4,
        limits: PostgresLimits = PostgresLimits(),
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        let url = login.map { server.url(login: $0) }
        let pool = try server.pool(url, schema: schema, size: size, limits: limits)
        do {
            try await pool.execute("CREATE SCHEMA IF NOT EXISTS \(identifier: schema)")
            try await body(pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }
}
