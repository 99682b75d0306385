import EventLoop
import Foundation
import Redis

/// A redis-server of one test: own folder, own port, ended by its process id.
final class RedisTestServer {
    let port: UInt16
    let folder: URL
    private let options: [String]
    private var process: Process?

    init(_ options: [String] = []) throws {
        port = try Self.freePort()
        folder = URL(filePath: "/tmp/redis-test-\(UUID().uuidString.prefix(8))")
        self.options = options
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try start()
    }

    var url: String { "redis://127.0.0.1:\(port)" }

    var socket: String { folder.appending(path: "redis.sock").path }

    /// The server answers as soon as clients have tried to connect often enough.
    func start(adding more: [String] = []) throws {
        try launch(
            [
                "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socket,
                "--save", "", "--dir", folder.path, "--daemonize", "no",
            ] + options + more
        )
    }

    /// Watches `master` under the name `main` with a quorum of one.
    static func sentinel(of master: RedisTestServer) throws -> RedisTestServer {
        try RedisTestServer(sentinelOf: master)
    }

    private init(sentinelOf master: RedisTestServer) throws {
        port = try Self.freePort()
        folder = URL(filePath: "/tmp/redis-test-\(UUID().uuidString.prefix(8))")
        options = []
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = folder.appending(path: "sentinel.conf")
        try """
        port \(port)
        bind 127.0.0.1
        dir \(folder.path)
        sentinel monitor main 127.0.0.1 \(master.port) 1
        sentinel down-after-milliseconds main 500
        sentinel failover-timeout main 3000
        """.write(to: configuration, atomically: true, encoding: .utf8)
        try launch([configuration.path, "--sentinel"])
    }

    private func launch(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["redis-server"] + arguments
        let log = folder.appending(path: "log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
        self.process = process
    }

    func kill() {
        guard let process else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    func stop() {
        kill()
        try? FileManager.default.removeItem(at: folder)  // Best effort: the folder is temporary.
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) + getsockname(descriptor, address, &size)
            }
        }
        guard failed == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// Gives the body a server and a client of it, and ends both.
func withRedis(
    _ options: [String] = [],
    limits: RedisLimits = RedisLimits(),
    _ body: (RedisTestServer, RedisClient) async throws -> Void
) async throws {
    let server = try RedisTestServer(options)
    defer { server.stop() }
    try await withRedisClient(server.url, limits: limits) { client in
        try await body(server, client)
    }
}

/// Gives the body a client with a loop of its own, and ends both.
func withRedisClient(
    _ url: String,
    timeouts: RedisTimeouts = RedisTimeouts(command: .seconds(30)),
    limits: RedisLimits = RedisLimits(),
    _ body: (RedisClient) async throws -> Void
) async throws {
    let loop = EventLoop(name: "redis-test")
    defer { loop.stop() }
    let client = RedisClient(
        try RedisAddress(url),
        on: loop,
        name: "redis test",
        timeouts: timeouts,
        limits: limits
    )
    do {
        try await body(client)
    } catch {
        await client.close()
        throw error
    }
    await client.close()
}
