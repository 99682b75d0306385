import PrivateServers
import Support
import Synchronization
import Testing

@testable import Postgres

/// What happens when the server is slow, dies, or comes back.
@Suite(.serialized) struct PostgresOutageTests {
    private static let shared = Task { try await PostgresServer.start(in: .shared()) }

    private let server: PostgresServer

    init() async throws {
        server = try await Self.shared.value
    }

    /// Waits until the server sees that many statements that sleep.
    private func waitForSleepers(_ count: Int, _ observer: PostgresPool) async throws {
        while try await observer.query(Self.sleepers).count < count { await Task.yield() }
    }

    private static let sleepers: SQL = """
        SELECT 1 FROM pg_stat_activity
        WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'
        """

    /// Waits until the server's process is gone.
    private func waitForEnd(of pid: Int, _ observer: PostgresPool) async throws {
        let process: SQL = "SELECT 1 FROM pg_stat_activity WHERE pid = \(pid)"
        while try await observer.query(process).count > 0 { await Task.yield() }
    }

    // MARK: Deadlines and cancelling

    @Test func `a statement over its deadline is cancelled and its connection kept`() async throws {
        let pool = try server.pool()
        let before = try await pool.query("SELECT pg_backend_pid() AS pid")[0].int("pid")

        await #expect(throws: PostgresError.timedOut(statement: "SELECT pg_sleep(60)")) {
            try await pool.query("SELECT pg_sleep(60)", timeout: .milliseconds(100))
        }

        let after = try await pool.query("SELECT pg_backend_pid() AS pid")[0].int("pid")
        #expect(after == before)
        await pool.close()
    }

    @Test func `a pipeline over its deadline is cancelled as a whole`() async throws {
        let pool = try server.pool()
        try await pool.execute("CREATE TABLE late (n int)")

        await #expect(throws: PostgresError.timedOut(statement: "INSERT INTO late VALUES (1)")) {
            try await pool.pipeline(
                ["INSERT INTO late VALUES (1)", "SELECT pg_sleep(60)"],
                timeout: .milliseconds(100)
            )
        }

        #expect(try await pool.query("SELECT n FROM late").isEmpty)
        await pool.close()
    }

    @Test func `a cancelled task gets its answer and the pool goes on`() async throws {
        let pool = try server.pool()
        let observer = try server.pool()
        let task = Task { try await pool.query("SELECT pg_sleep(60)") }
        try await waitForSleepers(1, observer)

        task.cancel()

        await #expect(throws: PostgresError.cancelled) { try await task.value }
        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await pool.close()
        await observer.close()
    }

    @Test func `a task may be cancelled at any moment`() async throws {
        let pool = try server.pool(size: 2)
        for round in 0..<60 {
            let task = Task { try await pool.query("SELECT pg_sleep(60)", timeout: .seconds(60)) }
            for _ in 0..<round * 4 { _ = await pool.waiting }
            task.cancel()
            await #expect(throws: PostgresError.cancelled) { try await task.value }
        }
        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await pool.close()
    }

    @Test func `a cancelled transaction is rolled back`() async throws {
        let pool = try server.pool()
        let observer = try server.pool()
        try await pool.execute("CREATE TABLE unfinished (n int)")
        let task = Task {
            try await pool.transaction { transaction in
                try await transaction.execute("INSERT INTO unfinished VALUES (1)")
                _ = try await transaction.query("SELECT pg_sleep(60)")
            }
        }
        try await waitForSleepers(1, observer)

        task.cancel()

        await #expect(throws: PostgresError.cancelled) { try await task.value }
        #expect(try await pool.query("SELECT n FROM unfinished").isEmpty)
        await pool.close()
        await observer.close()
    }

    @Test func `a frozen server holds nobody longer than the bounds`() async throws {
        let timeouts = PostgresTimeouts(
            connect: .seconds(1),
            checkout: .milliseconds(1500),
            cancel: .milliseconds(200)
        )
        let pool = try server.pool(timeouts: timeouts)
        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await server.pause()

        let lost = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT 1", timeout: .milliseconds(100))
        }
        await #expect(throws: PostgresError.connectTimedOut) { try await pool.query("SELECT 1") }
        await server.resume()

        #expect(lost?.isUnavailable == true)
        if case .connectionLost = lost {} else { Issue.record("\(String(describing: lost))") }
        await pool.close()
    }

    @Test func `a transaction left idle is ended by the server`() async throws {
        let pool = try server.pool(timeouts: PostgresTimeouts(idleInTransaction: .milliseconds(50)))
        let observer = try server.pool()

        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { transaction in
                let pid = try await transaction.query("SELECT pg_backend_pid() AS pid")[0].int(
                    "pid"
                )
                try await waitForEnd(of: pid, observer)
                try await transaction.execute("SELECT 1")
            }
        }

        #expect(error?.isUnavailable == true)
        #expect(try await pool.query("SELECT 1 AS n")[0].int("n") == 1)
        await pool.close()
        await observer.close()
    }

    @Test func `closing answers a statement under way`() async throws {
        let pool = try server.pool(size: 2)
        let observer = try server.pool()
        let statement = Task { try await pool.query("SELECT pg_sleep(60)") }
        let transaction = Task {
            try await pool.transaction { _ = try await $0.query("SELECT pg_sleep(60)") }
        }
        try await waitForSleepers(2, observer)

        await pool.close()

        await #expect(throws: PostgresError.closed) { try await statement.value }
        await #expect(throws: PostgresError.closed) { try await transaction.value }
        // The server notices within seconds and ends them too.
        while try await observer.query(Self.sleepers).count > 0 { await Task.yield() }
        await observer.close()
    }

    // MARK: Outages

    @Test func `a killed server ends what is under way and the pool recovers`() async throws {
        let recorder = StateRecorder()
        let pool = try server.pool(size: 2, timeouts: PostgresTimeouts(checkout: .seconds(60)))
        await pool.onChange { recorder.add($0) }
        try await pool.execute("CREATE TABLE survivors (n int)")
        let observer = try server.pool()
        let statements = (0..<40).map { _ in
            Task { try await pool.query("SELECT pg_sleep(0.2)", timeout: .seconds(60)) }
        }
        try await waitForSleepers(2, observer)

        await server.kill()
        try await server.restart()

        var lost: [PostgresError] = []
        for statement in statements {
            guard case .failure(let error) = await statement.result else { continue }
            lost.append(try #require(error as? PostgresError))
        }
        #expect(lost.count == 2, "only what was under way is lost: \(lost)")
        #expect(lost.filter { !$0.isUnavailable } == [])
        #expect(try await pool.query("SELECT n FROM survivors").isEmpty)
        #expect(recorder.shape == ["up", "down", "up"], "\(recorder.all)")
        await pool.close()
        await observer.close()
    }

    @Test func `while the server is away a caller gets the reason at its deadline`() async throws {
        let pool = try server.pool(timeouts: PostgresTimeouts(checkout: .seconds(1)))
        await server.kill()

        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.isUnavailable == true)
        if case .notConnected = error {} else { Issue.record("\(String(describing: error))") }

        try await server.restart()
        #expect(try await queryWhenBack(pool) == 1)
        await pool.close()
    }

    /// The pool may be in its back-off, so the first call may still be refused.
    private func queryWhenBack(_ pool: PostgresPool) async throws -> Int {
        for _ in 0..<20 {
            if let rows = try? await pool.query("SELECT 1 AS n") { return try rows[0].int("n") }
        }
        throw PostgresError.connectTimedOut
    }

    @Test func `idle connections ended by the server are replaced unseen`() async throws {
        let pool = try server.pool(size: 3)
        let observer = try server.pool()
        let end: SQL = """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
            """
        for _ in 0..<10 {
            try await withThrowingTaskGroup { group in
                for number in 0..<6 {
                    group.addTask {
                        let row = try await pool.query("SELECT \(number)::int AS n")[0]
                        #expect(try row.int("n") == number)
                    }
                }
                try await group.waitForAll()
            }
            _ = try await observer.query(end)
        }
        await pool.close()
        await observer.close()
    }

    @Test func `a shutdown while a statement runs keeps the server's code`() async throws {
        let pool = try server.pool()
        let observer = try server.pool()
        let statement = Task { try await pool.query("SELECT pg_sleep(60)") }
        try await waitForSleepers(1, observer)

        await server.stop()

        let error = await #expect(throws: PostgresError.self) { try await statement.value }
        try await server.restart()
        #expect(error?.sqlState == "57P01")
        #expect(error?.isUnavailable == true)
        await pool.close()
        await observer.close()
    }
}

/// Keeps the changes of state in order.
private final class StateRecorder: Sendable {
    private let states = Mutex<[PostgresState]>([])

    func add(_ state: PostgresState) {
        states.withLock { $0.append(state) }
    }

    var all: [PostgresState] { states.withLock { $0 } }

    var shape: [String] {
        states.withLock { $0.map { $0 == .up ? "up" : "down" } }
    }
}
