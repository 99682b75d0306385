/// A sentinel of one's own that watches one master, and alone decides when to promote a replica.
package final class RedisSentinel: PrivateServer {
    package let port: UInt16
    package let process: ServerProcess

    /// The name under which the master is watched.
    package static let master = "main"

    private init(on port: UInt16, watching master: RedisServer, in folder: TemporaryFolder)
        throws(PrivateServerError)
    {
        self.port = port
        process = ServerProcess(
            try RedisRecipe.write(
                "Redis Sentinel",
                arguments: ["--sentinel"],
                port: port,
                folder: try folder.makeFolder("sentinel-\(port)"),
                lines: [
                    "sentinel monitor \(Self.master) 127.0.0.1 \(master.port) 1",
                    "sentinel auth-pass \(Self.master) \(master.password)",
                    "sentinel down-after-milliseconds \(Self.master) 500",
                    "sentinel failover-timeout \(Self.master) 3000",
                ],
                greeting: ["PING": "+PONG"]
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
            try RedisSentinel(on: port, watching: master, in: folder)
        }
    }
}
