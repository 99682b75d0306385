import EventLoop
import PrivateServers
import Redis
import Support
import Testing

/// A client that listens instead of sending commands.
@Suite(.timeLimit(.minutes(5)))
struct RedisSubscribeTests {
    /// What was heard so far.
    private actor Ear {
        private(set) var heard: [String] = []

        func listen(to messages: AsyncStream<[UInt8]>) async {
            for await message in messages {
                heard.append(String(decoding: message, as: UTF8.self))
            }
        }
    }

    private func withEar(
        _ server: RedisServer,
        limits: RedisLimits = RedisLimits(),
        _ body: (RedisClient, Ear) async throws -> Void
    ) async throws {
        try await withRedisClient(server.url, limits: limits) { listener in
            let ear = Ear()
            let messages = await listener.subscribe(to: "news", holding: 100)
            let listening = Task { await ear.listen(to: messages) }
            try await body(listener, ear)
            await listener.close()
            // The end of the client is the end of the messages.
            await listening.value
        }
    }

    /// Publishes until somebody hears it.
    private func publish(_ text: String, over client: RedisClient) async throws {
        try await waitUntil("somebody hears \(text)") {
            try await client.send(["PUBLISH", "news", .text(text)]).integer == 1
        }
    }

    @Test func `every message of the channel is heard in order, none of others`() async throws {
        try await withRedis { server, client in
            try await withEar(server) { _, ear in
                try await publish("first", over: client)
                _ = try await client.send(["PUBLISH", "other", "unheard"])
                for number in 0..<50 {
                    _ = try await client.send(["PUBLISH", "news", .text("\(number)")])
                }

                try await waitUntil("all is heard") { await ear.heard.count == 51 }
                #expect(await ear.heard == ["first"] + (0..<50).map { "\($0)" })
            }
        }
    }

    @Test func `a connection that was lost is made anew, and listens again`() async throws {
        try await withRedis { server, client in
            try await withEar(server) { _, ear in
                try await publish("before", over: client)
                // Else it may die with the server.
                try await waitUntil("the first is heard") { await ear.heard == ["before"] }
                await server.kill()
                try await server.restart()
                try await publish("after", over: client)

                try await waitUntil("the second is heard") {
                    await ear.heard == ["before", "after"]
                }
            }
        }
    }

    @Test func `a client that listens takes pings and nothing else`() async throws {
        try await withRedis { server, client in
            try await withEar(server) { listener, ear in
                let pong = try await listener.send(["PING"])
                await #expect(throws: RedisError.unsupported(command: "GET")) {
                    _ = try await listener.send(["GET", "key"])
                }
                try await publish("still there", over: client)

                #expect(pong.array?.first?.text == "pong")
                try await waitUntil("it is heard") { await ear.heard == ["still there"] }
            }
        }
    }

    @Test func `a message that is too large ends the connection, and the next is heard`()
        async throws
    {
        try await withRedis { server, client in
            try await withEar(server, limits: RedisLimits(replyBytes: 64 * 1024)) { _, ear in
                try await publish(String(repeating: "x", count: 1 << 20), over: client)
                // What comes before the next connection is not heard.
                try await waitUntil("a small one is heard") {
                    _ = try await client.send(["PUBLISH", "news", "small"])
                    return await ear.heard.last == "small"
                }
                #expect(await !ear.heard.contains { $0.utf8.count > 1000 })
            }
        }
    }

    @Test func `of messages that nobody reads only so many are kept`() async throws {
        try await withRedis { server, client in
            try await withRedisClient(server.url) { listener in
                let messages = await listener.subscribe(to: "news", holding: 3)
                try await publish("0", over: client)
                for number in 1..<10 {
                    _ = try await client.send(["PUBLISH", "news", .text("\(number)")])
                }
                // An answer comes after every message that was published before it was asked for.
                _ = try await listener.send(["PING"])
                await listener.close()

                var kept: [String] = []
                for await message in messages {
                    kept.append(String(decoding: message, as: UTF8.self))
                }
                #expect(kept == ["0", "1", "2"])
            }
        }
    }

    @Test func `a server that does not allow it is told as a refusal`() async throws {
        try await withRedis { server, client in
            _ = try await client.send([
                "ACL", "SETUSER", "deaf", "on", ">secret", "+@all", "~*", "resetchannels",
            ])
            try await withRedisClient(server.url(login: "deaf:secret")) { listener in
                _ = await listener.subscribe(to: "news", holding: 3)

                try await waitUntil("the refusal") { await listener.refusal?.code == "NOPERM" }
            }
        }
    }
}
