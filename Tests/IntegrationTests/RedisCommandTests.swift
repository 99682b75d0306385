import PrivateServers
import Redis
import Support
import Testing

struct RedisCommandTests {
    @Test func `fifty tasks share one connection, and no answer goes to the wrong one`()
        async throws
    {
        try await withRedis { _, client in
            let seen = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for task in 0..<50 {
                    group.addTask {
                        var seen: [Int64] = []
                        for _ in 0..<200 {
                            seen.append(try await client.send(["INCR", "all"]).integer ?? 0)
                            let own = try await client.send(["INCR", .text("own:\(task)")])
                            #expect(own.integer == Int64(seen.count))
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }

            #expect(seen.sorted() == Array(1...10_000))
            let connections = try await client.send(["CLIENT", "LIST", "TYPE", "normal"]).text
            #expect(connections?.split(separator: "\n").count == 1)
            #expect(connections?.contains("name=redis-test") == true)
        }
    }

    @Test func `a pipeline keeps its order and its failures`() async throws {
        try await withRedis { _, client in
            let replies = try await client.pipeline([
                ["SET", "a", "text"], ["LPUSH", "a", "1"], ["GET", "a"], ["GET", "none"],
            ])

            #expect(replies[0] == .status("OK"))
            #expect(replies[1].failure?.code == "WRONGTYPE")
            #expect(replies[2].text == "text")
            #expect(replies[3].isNull)
            #expect(try await client.pipeline([]) == [])
        }
    }

    @Test func `a failure inside a transaction stays a value`() async throws {
        try await withRedis { _, client in
            let replies = try await client.pipeline([
                ["MULTI"], ["SET", "a", "1"], ["LPUSH", "a", "1"], ["INCR", "a"], ["EXEC"],
            ])

            let results = try #require(replies.last?.array)
            #expect(results[0] == .status("OK"))
            #expect(results[1].failure?.code == "WRONGTYPE")
            #expect(results[2] == .integer(2))
        }
    }

    @Test func `values hold any bytes`() async throws {
        try await withRedis { _, client in
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) } + [0, 13, 10]

            _ = try await client.send(["SET", .bytes([0, 255]), .bytes(bytes)])

            #expect(try await client.send(["GET", .bytes([0, 255])]) == .bytes(bytes))
        }
    }

    @Test func `a unix socket and a database number are used`() async throws {
        try await withRedis { server, client in
            _ = try await client.send(["SELECT", 5])
            _ = try await client.send(["SET", "place", "five"])

            let socket = try #require(server.socketPath)
            try await withRedisClient("unix://:\(server.password)@\(socket)?db=5") { other in
                let answer = try await other.send(["GET", "place"]).text
                #expect(answer == "five")
            }
            let named = "redis://:\(server.password)@localhost:\(server.port)/4"
            try await withRedisClient(named) { other in
                let answer = try await other.send(["GET", "place"]).isNull
                #expect(answer)
            }
        }
    }

    @Test func `a script runs on a server that never had it, or has forgotten it`() async throws {
        try await withRedis { _, client in
            let script = RedisScript(
                name: "join",
                source: "return {KEYS[1], ARGV[1], redis.error_reply('MINE no')}"
            )
            let expected = RedisValue.array([
                .bytes(Array("k".utf8)), .bytes(Array("7".utf8)),
                .failure(RedisFailure(code: "MINE", message: "no")),
            ])

            #expect(try await client.run(script, keys: ["k"], arguments: [7]) == expected)
            _ = try await client.send(["SCRIPT", "FLUSH"])
            #expect(try await client.run(script, keys: ["k"], arguments: [7]) == expected)
        }
    }

    @Test func `a script's own error is thrown`() async throws {
        try await withRedis { _, client in
            let script = RedisScript(name: "fail", source: "return redis.error_reply('MINE no')")

            await #expect(throws: RedisError.refused(.init(code: "MINE", message: "no"))) {
                try await client.run(script, keys: [])
            }
        }
    }

    @Test func `commands and answers beyond the limits are refused`() async throws {
        let limits = RedisLimits(pendingCommands: 3, pendingBytes: 10_000, replyBytes: 100_000)
        try await withRedis(limits: limits) { _, client in
            let large = RedisArgument.bytes([UInt8](repeating: 1, count: 10_000))
            await #expect(throws: RedisError.commandTooLarge(limit: 10_000)) {
                try await client.send(["SET", "a", large])
            }
            await #expect(throws: RedisError.tooManyPending(limit: 3)) {
                try await client.pipeline([["PING"], ["PING"], ["PING"], ["PING"]])
            }
            await #expect(throws: RedisError.unsupported(command: "SUBSCRIBE")) {
                try await client.send(["SUBSCRIBE", "a"])
            }

            _ = try await client.send(["SETRANGE", "long", 200_000, "x"])
            await #expect(throws: RedisError.replyTooLarge(limit: 100_000)) {
                try await client.send(["GET", "long"])
            }
            #expect(try await client.send(["STRLEN", "long"]).integer == 200_001)
        }
    }
}
