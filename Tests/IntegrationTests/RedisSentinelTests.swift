import PrivateServers
import Redis
import Support
import Testing

struct RedisSentinelTests {
    @Test func `a failover moves the client to the new master`() async throws {
        try await withRedis { master, direct in
            _ = try await direct.send(["PING"])
            let replica = try await master.startOnlineReplica(in: .shared(), seenBy: direct)
            let sentinel = try await RedisSentinel.start(watching: master, in: .shared())
            try await sentinel.awaitReplica()

            // The sentinel that is asked first is dead.
            let url = sentinel.url(of: master).replacing("@", with: "@127.0.0.1:1,")
            try await withRedisClient(url, timeouts: .init(command: .seconds(60))) { client in
                _ = try await client.send(["SET", "written", "before"])
                #expect(try await client.send(["WAIT", 1, 10_000]).integer == 1)

                await master.kill()
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
            await sentinel.stop()
            await replica.kill()
        }
    }

    @Test func `a master that has become a replica is left, and the sentinel asked again`()
        async throws
    {
        try await withRedis { master, direct in
            let sentinel = try await RedisSentinel.start(watching: master, in: .shared())
            try await withRedisClient(sentinel.url(of: master)) { client in
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
            await sentinel.stop()
        }
    }

    @Test func `a name that no sentinel knows is told`() async throws {
        try await withRedis { master, _ in
            let sentinel = try await RedisSentinel.start(watching: master, in: .shared())
            try await withRedisClient(sentinel.url(of: master, named: "other")) { client in
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(["PING"], timeout: .seconds(2))
                }

                let text = error.map { "\($0)" } ?? ""
                #expect(text.contains("no sentinel knows the master other"))
            }
            await sentinel.stop()
        }
    }
}
