internal import Processes

/// A Redis of one's own: on a free port of 127.0.0.1, with its data in a temporary folder.
///
/// Every write is handed to the kernel before it is answered, so `kill` loses none: `appendfsync
/// no` does that always, `everysec` puts a write off while a sync is under way.
package final class RedisServer: Sendable {
    package let port: UInt16
    package let password: String
    /// The socket file; `nil` where the folder's path is too long for one.
    package let socketPath: String?
    /// Where its configuration and its data lie.
    package let folder: String
    private let process: ServerProcess

    /// For database 0, with the password.
    package var url: String { "redis://:\(password)@127.0.0.1:\(port)/0" }

    /// The running process; `nil` when it was stopped.
    package var pid: Int32? { get async { await process.pid } }

    /// The last 4 KiB the server wrote since its latest start.
    package var logTail: String { get async { await process.logTail } }

    private init(port: UInt16, folder: String, password: String, lines: [String])
        throws(PrivateServerError)
    {
        self.port = port
        self.password = password
        self.folder = folder
        socketPath = SocketPath.fitting(folder + "/redis.sock")
        try Folder.make(folder, permissions: 0o711)
        try Folder.write(
            Self.configuration(port, folder, password, socketPath, lines),
            to: folder + "/redis.conf"
        )
        let greeting = Array("AUTH \(password)\r\nPING\r\n".utf8)
        process = ServerProcess(
            ServerRecipe(
                name: "Redis",
                plan: .init(
                    "redis-server",
                    [folder + "/redis.conf"],
                    environment: ServerEnvironment.variables,
                    workingFolder: folder,
                    hasOwnGroup: true
                ),
                folder: folder,
                stopSignal: .terminate,
                isReady: { _ in
                    let welcome = Array("+OK\r\n+PONG\r\n".utf8)
                    let answer = await Loopback.ask(
                        port: port,
                        greeting,
                        answerBytes: welcome.count
                    )
                    return answer == welcome
                }
            )
        )
    }

    /// Starts a server in a folder of its own inside `folder`, and waits until it answers PING.
    ///
    /// - Parameters:
    ///   - folder: what ends the server if nobody else does.
    ///   - password: of the default user; letters and digits.
    ///   - configuration: further lines of redis.conf; they win over the usual ones.
    /// - Returns: the server, accepting commands.
    /// - Throws: `PrivateServerError` with the end of the log; then nothing runs.
    package static func start(
        in folder: TemporaryFolder,
        password: String? = nil,
        configuration: [String] = []
    ) async throws(PrivateServerError) -> RedisServer {
        try await ServerStart.onFreePort { port throws(PrivateServerError) in
            let server = try RedisServer(
                port: port,
                folder: "\(folder.path)/redis-\(port)-\(Randomness.text(count: 4))",
                password: password ?? Randomness.text(count: 24),
                lines: configuration
            )
            try await server.process.start()
            return server
        }
    }

    /// Ends it in an orderly way; harmless when it does not run.
    package func stop() async { await process.stop() }

    /// Ends it with SIGKILL.
    package func kill() async { await process.kill() }

    /// Freezes it (SIGSTOP): connections stay open and nothing is answered.
    package func pause() async { await process.pause() }

    /// Lets it go on after `pause`.
    package func resume() async { await process.resume() }

    /// Starts it again on the same port with the same data, stopping it first when it runs.
    ///
    /// - Throws: as `start`.
    package func restart() async throws(PrivateServerError) { try await process.restart() }

    private static func configuration(
        _ port: UInt16,
        _ folder: String,
        _ password: String,
        _ socketPath: String?,
        _ lines: [String]
    ) -> String {
        let usual = [
            "bind 127.0.0.1",
            "port \(port)",
            "dir \"\(folder)\"",
            "requirepass \(password)",
            "daemonize no",
            "appendonly yes",
            "appendfsync no",
            "save \"\"",
            "maxmemory-policy noeviction",
        ]
        let socket = socketPath.map { ["unixsocket \"\($0)\"", "unixsocketperm 777"] } ?? []
        return (usual + socket + lines).joined(separator: "\n") + "\n"
    }
}
