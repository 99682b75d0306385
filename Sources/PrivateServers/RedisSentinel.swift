internal import Processes

/// A sentinel of one's own that watches one master, and alone decides when to promote a replica.
package final class RedisSentinel: Sendable {
    package let port: UInt16
    private let process: ServerProcess

    /// The name under which the master is watched.
    package static let master = "main"

    private init(_ port: UInt16, of master: RedisServer, folder: String)
        throws(PrivateServerError)
    {
        self.port = port
        try Folder.make(folder, permissions: 0o711)
        let configuration = folder + "/sentinel.conf"
        try Folder.write(Self.configuration(port, folder, master), to: configuration)
        process = ServerProcess(
            ServerRecipe(
                name: "Redis Sentinel",
                plan: .init(
                    "redis-server",
                    [configuration, "--sentinel"],
                    environment: ServerEnvironment.variables,
                    workingFolder: folder,
                    hasOwnGroup: true
                ),
                folder: folder,
                stopSignal: .terminate,
                isReady: { _ in
                    let welcome = Array("+PONG\r\n".utf8)
                    let question = Array("PING\r\n".utf8)
                    return await Loopback.ask(port: port, question, answerBytes: welcome.count)
                        == welcome
                }
            )
        )
    }

    /// Starts a sentinel and waits until it answers.
    ///
    /// It looks for replicas when it starts and then every ten seconds: start them before it.
    ///
    /// - Parameters:
    ///   - master: whom it watches.
    ///   - folder: what ends the sentinel if nobody else does.
    /// - Returns: the sentinel, answering.
    /// - Throws: `PrivateServerError` with the end of the log; then nothing runs.
    package static func start(
        watching master: RedisServer,
        in folder: TemporaryFolder
    ) async throws(PrivateServerError) -> RedisSentinel {
        try await ServerStart.onFreePort { port throws(PrivateServerError) in
            let sentinel = try RedisSentinel(
                port,
                of: master,
                folder: "\(folder.path)/sentinel-\(port)-\(Randomness.text(count: 4))"
            )
            try await sentinel.process.start()
            return sentinel
        }
    }

    /// Ends it in an orderly way; harmless when it does not run.
    package func stop() async { await process.stop() }

    private static func configuration(
        _ port: UInt16,
        _ folder: String,
        _ master: RedisServer
    ) -> String {
        """
        bind 127.0.0.1
        port \(port)
        dir "\(folder)"
        sentinel monitor \(Self.master) 127.0.0.1 \(master.port) 1
        sentinel auth-pass \(Self.master) \(master.password)
        sentinel down-after-milliseconds \(Self.master) 500
        sentinel failover-timeout \(Self.master) 3000

        """
    }
}
