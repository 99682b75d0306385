import PrivateServers
import Support
import Testing

@testable import Postgres

/// Sharing, refusals, addresses and the end of a pool, on a server with four places.
@Suite(.serialized) struct PostgresPoolTests {
    private static let shared = Task {
        try await PostgresServer.start(
            in: .shared(),
            settings: [
                "max_connections": "4", "superuser_reserved_connections": "0",
                "max_wal_senders": "0",
            ]
        )
    }

    private let server: PostgresServer

    init() async throws {
        server = try await Self.shared.value
    }

    /// Waits until that many callers wait for a connection.
    private func waitForWaiters(_ count: Int, of pool: PostgresPool) async {
        while await pool.waiting < count { await Task.yield() }
    }

    // MARK: Sharing

    @Test func `a caller that finds every connection busy gives up at its deadline`() async throws {
        let pool = try server.pool(timeouts: PostgresTimeouts(checkout: .seconds(1)))

        try await pool.transaction { _ in
            await #expect(throws: PostgresError.poolExhausted) { try await pool.query("SELECT 1") }
        }

        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await pool.close()
    }

    @Test func `callers are served in the order they came`() async throws {
        let pool = try server.pool()
        try await pool.execute("CREATE TABLE served (place bigserial, n int)")
        var tasks: [Task<Int, any Error>] = []

        try await pool.transaction { _ in
            for number in 0..<5 {
                tasks.append(
                    Task { try await pool.execute("INSERT INTO served(n) VALUES (\(number))") }
                )
                await waitForWaiters(number + 1, of: pool)
            }
        }
        for task in tasks { _ = try await task.value }

        let order = try await pool.query("SELECT n FROM served ORDER BY place")
        #expect(try order.map { try $0.int("n") } == [0, 1, 2, 3, 4])
        await pool.close()
    }

    @Test func `a cancelled caller leaves the queue and takes no connection`() async throws {
        let pool = try server.pool()

        try await pool.transaction { _ in
            let task = Task { try await pool.query("SELECT 1") }
            await waitForWaiters(1, of: pool)
            task.cancel()
            await #expect(throws: PostgresError.cancelled) { try await task.value }
            #expect(await pool.waiting == 0)
        }

        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await pool.close()
    }

    @Test func `closing answers everyone who waits exactly once`() async throws {
        let pool = try server.pool()
        var waiters: [Task<Int, any Error>] = []

        await #expect(throws: PostgresError.closed) {
            try await pool.transaction { transaction in
                for number in 0..<5 {
                    waiters.append(Task { try await pool.execute("SELECT 1") })
                    await waitForWaiters(number + 1, of: pool)
                }
                await pool.close()
                try await transaction.execute("SELECT 1")
            }
        }

        for waiter in waiters {
            await #expect(throws: PostgresError.closed) { try await waiter.value }
        }
        await #expect(throws: PostgresError.closed) { try await pool.query("SELECT 1") }
        await pool.close()
    }

    @Test func `a closed pool leaves nothing behind on the server`() async throws {
        for _ in 0..<10 {
            let pool = try server.pool(size: 3)
            async let first = pool.execute("SELECT pg_sleep(0.01)")
            async let second = pool.execute("SELECT pg_sleep(0.01)")
            async let third = pool.execute("SELECT pg_sleep(0.01)")
            #expect(try await first + second + third == 3)
            await pool.close()
        }
        let observer = try server.pool()
        let others: SQL = """
            SELECT 1 FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            """
        while try await observer.query(others).count > 0 { await Task.yield() }
        await observer.close()
    }

    @Test func `an open transaction left by a statement does not reach the next caller`()
        async throws
    {
        let pool = try server.pool()
        try await pool.execute("BEGIN")

        let row = try await pool.query(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        )[0]

        #expect(try row.int("n") == 0)
        await pool.close()
    }

    // MARK: Refusals

    @Test func `a full server is worth waiting for`() async throws {
        let full = try server.pool(size: 4)
        let pool = try server.pool(timeouts: PostgresTimeouts(checkout: .seconds(1)))

        try await full.transaction { _ in
            try await full.transaction { _ in
                try await full.transaction { _ in
                    try await full.transaction { _ in
                        let error = await #expect(throws: PostgresError.self) {
                            try await pool.query("SELECT 1")
                        }
                        #expect(error?.sqlState == "53300", "\(String(describing: error))")
                        #expect(error?.isUnavailable == true)
                    }
                }
            }
        }

        await full.close()
        await pool.close()
    }

    @Test(arguments: [("wrong", "postgres", "28P01"), ("right", "nowhere", "3D000")])
    func `a refusal that waiting does not cure comes at once`(
        password: String,
        database: String,
        state: String
    ) async throws {
        let owner = try server.pool()
        try await owner.execute("DROP ROLE IF EXISTS locked")
        try await owner.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        await owner.close()
        let pool = try server.pool(
            server.url(login: "locked:\(password)", database: database),
            timeouts: PostgresTimeouts(checkout: .seconds(600))
        )

        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }

        #expect(error?.sqlState == state, "\(String(describing: error))")
        #expect(error?.isUnavailable == false)
        #expect(error.map { "\($0)".contains("wrong") } == false)
        await pool.close()
    }

    // MARK: Addresses

    @Test func `every form of address reaches the server`() async throws {
        let owner = try server.pool()
        try await owner.execute("DROP ROLE IF EXISTS locked")
        try await owner.execute("CREATE ROLE locked LOGIN PASSWORD 'p@ss/w%rd: '")
        await owner.close()
        let folder = try #require(server.socketFolder)
        let escaped = folder.replacing("/", with: "%2F")
        let (login, port) = (server.login, server.port)
        let urls = [
            "postgresql://\(login)@127.0.0.1:\(port)/postgres",
            "postgres://\(login)@localhost:\(port)/postgres?sslmode=prefer",
            "postgresql://\(login)@\(escaped):\(port)/postgres",
            "postgresql://\(login)@/postgres?host=\(folder)&port=\(port)",
            "postgresql://\(login)@[::1]:\(port),127.0.0.1:\(port)/postgres",
            server.url(login: "locked:p%40ss%2Fw%25rd%3A%20"),
        ]

        for url in urls {
            let pool = try server.pool(url)
            #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1, "\(url)")
            await pool.close()
        }
    }

    @Test func `a port where nobody listens is named`() async throws {
        let pool = try server.pool(
            "postgresql://u@127.0.0.1:1/d",
            timeouts: PostgresTimeouts(checkout: .seconds(1))
        )

        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }

        #expect(error?.description.contains("127.0.0.1") == true)
        #expect(error?.isUnavailable == true)
        await pool.close()
    }
}
