/// A Redis of one's own: on a free port of 127.0.0.1, with its data in a temporary folder.
///
/// Every write is handed to the kernel before it is answered, so `kill` loses none: `appendfsync
/// no` does that always, `everysec` puts a write off while a sync is under way.
package final class RedisServer: PrivateServer {
    package let port: UInt16
    package let password: String
    /// The socket file; `nil` where the folder's path is too long for one.
    package let socketPath: String?
    /// Where its configuration and its data lie.
    package let folder: String
    package let process: ServerProcess

    /// For database 0, with the password.
    package var url: String { "redis://:\(password)@127.0.0.1:\(port)/0" }

    private init(
        on port: UInt16,
        in folder: TemporaryFolder,
        password: String,
        configuration: [String]
    ) throws(PrivateServerError) {
        self.port = port
        self.password = password
        self.folder = try folder.makeFolder("redis-\(port)")
        socketPath = SocketPath.fitting(self.folder + "/redis.sock")
        let socket = socketPath.map { ["unixsocket \"\($0)\"", "unixsocketperm 777"] } ?? []
        process = ServerProcess(
            try RedisRecipe.write(
                "Redis",
                port: port,
                folder: self.folder,
                lines: ["requirepass \(password)"] + Self.usualLines + socket + configuration,
                greeting: ["AUTH \(password)": "+OK", "PING": "+PONG"]
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
            try RedisServer(
                on: port,
                in: folder,
                password: password ?? Randomness.text(count: 24),
                configuration: configuration
            )
        }
    }

    private static let usualLines = [
        "daemonize no",
        "appendonly yes",
        "appendfsync no",
        "save \"\"",
        "maxmemory-policy noeviction",
    ]
}
