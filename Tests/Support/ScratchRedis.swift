internal import EventLoop
package import PrivateServers
package import Redis

/// Gives the body a Redis of its own and a client of it, and ends both.
///
/// - Parameters:
///   - configuration: lines of redis.conf; they win over the usual ones.
///   - limits: of the client.
///   - body: may do to the server what it likes.
/// - Throws: what the body throws, or why there is no server.
package func withRedis(
    _ configuration: [String] = [],
    limits: RedisLimits = RedisLimits(),
    _ body: (RedisServer, RedisClient) async throws -> Void
) async throws {
    let server = try await RedisServer.start(in: .shared(), configuration: configuration)
    do {
        try await withRedisClient(server.url, limits: limits) { try await body(server, $0) }
    } catch {
        await server.kill()
        throw error
    }
    await server.kill()
}

/// Gives the body a client with a loop of its own, and ends both.
package func withRedisClient(
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

extension RedisServer {
    /// Its address for another user, another password or another database.
    package func url(login: String, database: Int = 0) -> String {
        "redis://\(login)@127.0.0.1:\(port)/\(database)"
    }

    /// Gives it a replica, and waits until that is online.
    ///
    /// A sentinel looks for replicas when it starts, and then every ten seconds: start it later.
    ///
    /// - Parameters:
    ///   - folder: what ends the replica if nobody else does.
    ///   - client: of this server.
    /// - Returns: the replica.
    package func startOnlineReplica(
        in folder: TemporaryFolder,
        seenBy client: RedisClient
    ) async throws -> RedisServer {
        // Else it waits five seconds for more replicas.
        _ = try await client.send(["CONFIG", "SET", "repl-diskless-sync-delay", 0])
        let replica = try await startReplica(in: folder)
        try await waitUntil("the replica") {
            try await client.send(["INFO", "replication"]).text?.contains("state=online") == true
        }
        return replica
    }
}

extension RedisSentinel {
    /// Where clients of its master ask for it.
    package func url(of master: RedisServer, named name: String = master) -> String {
        "redis+sentinel://:\(master.password)@127.0.0.1:\(port)/\(name)"
    }

    /// Waits until it knows a replica that it could promote.
    package func awaitReplica() async throws {
        try await withRedisClient("redis://127.0.0.1:\(port)") { client in
            try await waitUntil("the sentinel's replica") {
                let reply = try await client.send(["SENTINEL", "REPLICAS", .text(Self.master)])
                return reply.array?.contains { replica in
                    replica.array?.contains(.bytes(Array("ok".utf8))) == true
                } == true
            }
        }
    }
}
