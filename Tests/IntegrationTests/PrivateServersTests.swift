import Foundation
import PrivateServers
import Processes
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PrivateServersTests {
    // MARK: Redis

    @Test func `Redis keeps its data and its port over a kill`() async throws {
        let folder = try TemporaryFolder()
        let redis = try await RedisServer.start(in: folder)
        #expect(await ask(redis, "SET colour blue") == "+OK")
        let first = try #require(await redis.pid)

        await redis.kill()
        #expect(await redis.pid == nil)
        #expect(await ask(redis, "GET colour") == nil)
        try await redis.restart()

        #expect(await redis.pid != first)
        #expect(await ask(redis, "GET colour") == "$4\r\nblue")
        try await folder.remove()
    }

    @Test func `Redis is stopped in an orderly way, and again without harm`() async throws {
        let folder = try TemporaryFolder()
        let redis = try await RedisServer.start(in: folder)

        await redis.stop()
        await redis.stop()

        #expect(try Loopback.isFree(redis.port))
        try await folder.remove()
    }

    @Test func `a paused Redis answers nothing until it is resumed`() async throws {
        let folder = try TemporaryFolder()
        let redis = try await RedisServer.start(in: folder)

        await redis.pause()
        let silence = await ask(redis, "PING", milliseconds: 100)
        await redis.resume()

        #expect(silence == "")
        #expect(await ask(redis, "PING") == "+PONG")
        try await folder.remove()
    }

    @Test func `a server that cannot start says why`() async throws {
        let folder = try TemporaryFolder()

        let error = await #expect(throws: PrivateServerError.self) {
            try await RedisServer.start(in: folder, configuration: ["no-such-setting 1"])
        }

        #expect(error?.description.contains("no-such-setting") == true)
        try await folder.remove()
    }

    // MARK: PostgreSQL

    @Test func `PostgreSQL keeps its data and its port over a kill and a stop`() async throws {
        let folder = try TemporaryFolder()
        let postgres = try await PostgresServer.start(in: folder)
        #expect(try await query(postgres, "CREATE TABLE t AS SELECT 42 AS n", folder) == "SELECT 1")

        await postgres.kill()
        #expect(await postgres.pid == nil)
        try await postgres.restart()
        #expect(try await query(postgres, "SELECT n FROM t", folder) == "42")
        await postgres.stop()
        try await postgres.restart()

        #expect(try await query(postgres, "SELECT n FROM t", folder) == "42")
        try await folder.remove()
    }

    @Test func `PostgreSQL is never root and asks everybody for the password`() async throws {
        let folder = try TemporaryFolder()
        let postgres = try await PostgresServer.start(in: folder)

        let pid = try #require(await postgres.pid)
        let status = try String(
            contentsOfFile: "/proc/\(pid)/status",
            encoding: .utf8
        )
        let userLine = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        let wrong = postgres.url.replacingOccurrences(of: postgres.password, with: "guess")

        #expect(userLine?.split(separator: "\t").dropFirst().contains("0") == false)
        #expect(try await psql(wrong, "SELECT 1", folder).isSuccess == false)
        let socket = try #require(postgres.socketFolder)
        let local = "host=\(socket) port=\(postgres.port) user=publisher dbname=postgres"
        #expect(try await psql(local + " password=guess", "SELECT 1", folder).isSuccess == false)
        #expect(
            try await psql(local + " password=\(postgres.password)", "SELECT 1", folder).isSuccess
        )
        try await folder.remove()
    }

    @Test func `several servers of a kind share a folder`() async throws {
        let folder = try TemporaryFolder()
        async let first = RedisServer.start(in: folder)
        async let second = RedisServer.start(in: folder)
        let (one, other) = try await (first, second)

        #expect(await ask(one, "PING") == "+PONG")
        #expect(await ask(other, "PING") == "+PONG")
        #expect(one.port != other.port)
        try await folder.remove()
    }

    // MARK: Nothing is left behind

    @Test func `removing a folder ends what runs in it, paused or not`() async throws {
        let folder = try TemporaryFolder()
        let redis = try await RedisServer.start(in: folder)
        let postgres = try await PostgresServer.start(in: folder)
        await postgres.pause()

        try await folder.remove()

        #expect(!FileManager.default.fileExists(atPath: folder.path))
        #expect(await redis.pid == nil)
        #expect(await postgres.pid == nil)
    }

    @Test func `a killed PostgreSQL leaves no shared memory when its folder goes`() async throws {
        let folder = try TemporaryFolder()
        let postgres = try await PostgresServer.start(in: folder)
        let segment = try #require(Self.sharedMemory(in: folder.path))
        #expect(Self.sharedMemorySegments().contains(segment))
        await postgres.kill()

        try await folder.remove()

        #expect(!Self.sharedMemorySegments().contains(segment))
    }

    @Test func `a SIGKILL of the parent leaves no process and no folder`() async throws {
        let report = NSTemporaryDirectory() + "private-servers-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: report) }

        await #expect(processExitsWith: .signal(SIGKILL)) { [report = report as String] in
            let folder = try TemporaryFolder()
            let redis = try await RedisServer.start(in: folder)
            let postgres = try await PostgresServer.start(in: folder)
            let facts = [folder.path, "\(await redis.pid ?? 0)", "\(await postgres.pid ?? 0)"]
            try facts.joined(separator: "\n").write(
                toFile: report,
                atomically: true,
                encoding: .utf8
            )
            Signal.kill.send(to: ProcessIdentity.pid)
            try await Task.sleep(for: .seconds(60))
        }

        let facts = try String(contentsOfFile: report, encoding: .utf8)
            .split(separator: "\n").map(String.init)
        try #require(facts.count == 3)
        // The caretaker is nobody's child now: all one can do is look.
        while facts.contains(where: Self.isThere) { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// Whether a folder of that path, or a process of that number, exists.
    ///
    /// A zombie does not count: it waits for the machine's first process, and in a container that
    /// may never come round to it.
    private static func isThere(_ fact: String) -> Bool {
        guard Int32(fact) != nil else { return FileManager.default.fileExists(atPath: fact) }
        guard let status = try? String(contentsOfFile: "/proc/\(fact)/status", encoding: .utf8)
        else { return false }
        return !status.contains("State:\tZ")
    }

    // MARK: Asking the servers

    /// The answer's lines; `nil` when nobody listens.
    private func ask(
        _ redis: RedisServer,
        _ command: String,
        milliseconds: Int = 5000
    ) async -> String? {
        let question = "AUTH \(redis.password)\r\n\(command)\r\nQUIT\r\n"
        let answer = await Loopback.ask(
            port: redis.port,
            Array(question.utf8),
            answerBytes: 1000,
            milliseconds: milliseconds
        )
        guard let answer else { return nil }
        let lines = String(decoding: answer, as: UTF8.self).split(separator: "\r\n")
        return lines.dropFirst().dropLast().joined(separator: "\r\n")
    }

    private func query(
        _ postgres: PostgresServer,
        _ sql: String,
        _ folder: TemporaryFolder
    ) async throws -> String {
        let file = "\(folder.path)/query-\(UUID().uuidString)"
        let status = try await psql(postgres.url, sql, folder, output: .file(file))
        #expect(status == .exited(code: 0))
        return try String(contentsOfFile: file, encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func psql(
        _ address: String,
        _ sql: String,
        _ folder: TemporaryFolder,
        output: ChildProcess.Output = .discard
    ) async throws -> ChildExit {
        let child = try ChildProcess.launch(
            .init("psql", ["-X", "-w", "-A", "-t", "-c", sql, address], output: output)
        )
        let status = await child.waitForExit(timeout: .seconds(60))
        return try #require(status)
    }

    private static func sharedMemory(in folder: String) -> String? {
        let manager = FileManager.default
        let servers = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
        for server in servers {
            let path = "\(folder)/\(server)/data/postmaster.pid"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            return text.split(separator: "\n")[6].split(separator: " ").last.map(String.init)
        }
        return nil
    }

    private static func sharedMemorySegments() -> [String] {
        let text = (try? String(contentsOfFile: "/proc/sysvipc/shm", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").dropFirst().compactMap { line in
            line.split(separator: " ").dropFirst().first.map(String.init)
        }
    }
}
