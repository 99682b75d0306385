import PrivateServers
import Redis
import Support
import Testing

struct RedisRefusalTests {
    private func failure(
        _ body: () async throws -> RedisValue
    ) async throws -> RedisError {
        try #require(await #expect(throws: RedisError.self) { try await body() })
    }

    @Test func `a full server refuses writes, not reads`() async throws {
        try await withRedis(["maxmemory 1mb"]) { _, client in
            let value = RedisArgument.bytes([UInt8](repeating: 1, count: 1_000_000))
            let error = try await failure {
                _ = try await client.send(["SET", "large", value])
                return try await client.send(["SET", "a", "b"])
            }

            #expect(error.isOutOfMemory)
            #expect(!error.isUnavailable)
            #expect(try await client.send(["GET", "a"]).isNull)
        }
    }

    @Test func `a replica refuses writes, each on a new connection`() async throws {
        try await withRedis { master, writer in
            let replica = try await master.startReplica(in: .shared())
            try await withRedisClient(replica.url) { client in
                let first = try await client.send(["CLIENT", "ID"]).integer
                for _ in 0..<3 {
                    let error = try await failure { try await client.send(["SET", "a", "b"]) }
                    #expect(error.failure?.code == "READONLY")
                    #expect(error.isUnavailable)
                }
                #expect(try await client.send(["CLIENT", "ID"]).integer != first)
            }
            await replica.kill()
            _ = try await writer.send(["PING"])
        }
    }

    @Test func `a replica that has lost its master says so`() async throws {
        try await withRedis { server, admin in
            _ = try await admin.send(["CONFIG", "SET", "replica-serve-stale-data", "no"])
            _ = try await admin.send(["REPLICAOF", "127.0.0.1", "1"])

            try await withRedisClient(server.url) { client in
                let error = try await failure { try await client.send(["GET", "a"]) }

                #expect(error.failure?.code == "MASTERDOWN")
                #expect(error.isUnavailable)
            }
        }
    }

    @Test func `a server that is loading its data says so`() async throws {
        try await withRedis(["appendonly no"]) { server, client in
            let script = RedisScript(
                name: "fill",
                source: "for i = 1, 20000 do redis.call('SET', i, string.rep('x', 100)) end"
            )
            _ = try await client.run(script, keys: [])
            _ = try await client.send(["SAVE"])
            await server.kill()
            // Twenty seconds for all the keys, unless they are cut short: it counts microseconds.
            try server.configure([
                "key-load-delay 1000", "loading-process-events-interval-bytes 1024",
            ])
            async let restart: Void = server.restart()

            try await withRedisClient(server.url) { other in
                let error = try await failure { try await other.send(["GET", "1"]) }

                #expect(error.failure?.code == "LOADING")
                #expect(error.isUnavailable)
                _ = try await other.send(["CONFIG", "SET", "key-load-delay", 0])
            }
            try await restart
        }
    }

    @Test func `a missing or wrong password is told at once, and never shown`() async throws {
        try await withRedis { server, _ in
            try await withRedisClient("redis://127.0.0.1:\(server.port)") { other in
                let missing = try await failure { try await other.send(["PING"]) }
                #expect(missing.failure?.code == "NOAUTH")
                #expect(missing.isAccessRefused)
            }
            try await withRedisClient(server.url(login: ":hunter2")) { other in
                let wrong = try await failure { try await other.send(["PING"]) }
                #expect(wrong.failure?.code == "WRONGPASS")
                #expect(wrong.isAccessRefused)
                #expect(!"\(wrong)".contains("hunter2"))
            }
            try await withRedisClient(server.url(login: ":" + server.password)) { other in
                let answer = try await other.send(["PING"])
                #expect(answer == .status("PONG"))
            }
        }
    }

    @Test func `a user may do what its rules allow`() async throws {
        try await withRedis { server, admin in
            _ = try await admin.send([
                "ACL", "SETUSER", "worker", "on", ">p@ss", "~allowed:*", "+get", "+set",
            ])
            try await withRedisClient(server.url(login: "worker:p%40ss")) { worker in
                _ = try await worker.send(["SET", "allowed:a", "1"])
                for command: [RedisArgument] in [["SET", "other", "1"], ["DEL", "allowed:a"]] {
                    let error = try await failure { try await worker.send(command) }
                    #expect(error.failure?.code == "NOPERM")
                    #expect(error.isAccessRefused)
                }
            }
        }
    }

    @Test func `a database that does not exist is told at once`() async throws {
        try await withRedis { server, _ in
            try await withRedisClient(server.url(login: ":" + server.password, database: 9999)) {
                client in
                let error = try await failure { try await client.send(["PING"]) }

                #expect(error.failure?.message.contains("DB index") == true)
            }
        }
    }
}
