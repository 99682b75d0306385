import Redis
import Testing

struct RedisSentinelTests {
    @Test func `a failover moves the client to the new master`() async throws {
        try await withRedis { master, direct in
            _ = try await direct.send(["PING"])
            let replica = try RedisTestServer(["--replicaof", "127.0.0.1", "\(master.port)"])
            defer { replica.stop() }
            // A sentinel looks for replicas when it starts, and then every ten seconds.
            while try await !hasReplica(direct) {}
            let sentinel = try RedisTestServer.sentinel(of: master)
            defer { sentinel.stop() }
            try await waitForReplica(sentinel)

            let dead = "127.0.0.1:1"
            let url = "redis+sentinel://\(dead),127.0.0.1:\(sentinel.port)/main"
            try await withRedisClient(url, timeouts: .init(command: .seconds(60))) { client in
                _ = try await client.send(["SET", "written", "before"])
                #expect(try await client.send(["WAIT", 1, 10_000]).integer == 1)

                master.kill()
                while true {
                    do throws(RedisError) {
                        _ = try await client.send(["SET", "more", "after"])
                        break
                    } catch {
                        #expect(error.isUnavailable)
                    }
                }

                #expect(try await client.send(["GET", "written"]).text == "before")
                let settings = try await client.send(["CONFIG", "GET", "port"])
                #expect(settings.array?.last?.text == "\(replica.port)")
            }
        }
    }

    @Test func `a master that has become a replica is left, and the sentinel asked again`()
        async throws
    {
        try await withRedis { master, direct in
            let sentinel = try RedisTestServer.sentinel(of: master)
            defer { sentinel.stop() }
            let url = "redis+sentinel://127.0.0.1:\(sentinel.port)/main"
            try await withRedisClient(url) { client in
                _ = try await client.send(["SET", "a", "1"])
                _ = try await direct.send(["REPLICAOF", "127.0.0.1", "1"])

                let refused = await #expect(throws: RedisError.self) {
                    try await client.send(["SET", "a", "2"])
                }
                #expect(refused?.failure?.code == "READONLY")
                async let next = client.send(["SET", "a", "3"])
                _ = try await direct.send(["REPLICAOF", "NO", "ONE"])

                #expect(try await next == .status("OK"))
            }
        }
    }

    @Test func `a name that no sentinel knows is told`() async throws {
        try await withRedis { master, _ in
            let sentinel = try RedisTestServer.sentinel(of: master)
            defer { sentinel.stop() }
            try await withRedisClient("redis+sentinel://127.0.0.1:\(sentinel.port)/other") {
                client in
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(["PING"], timeout: .seconds(2))
                }

                let text = error.map { "\($0)" } ?? ""
                #expect(text.contains("no sentinel knows the master other"))
            }
        }
    }

    private func hasReplica(_ master: RedisClient) async throws -> Bool {
        try await master.send(["INFO", "replication"]).text?.contains("state=online") == true
    }

    private func waitForReplica(_ sentinel: RedisTestServer) async throws {
        try await withRedisClient(sentinel.url) { client in
            var count = 0
            while count == 0 {
                let reply = try await client.send(["SENTINEL", "REPLICAS", "main"])
                count =
                    reply.array?.filter { $0.array?.contains(.bytes(Array("ok".utf8))) == true }
                    .count ?? 0
            }
        }
    }
}
