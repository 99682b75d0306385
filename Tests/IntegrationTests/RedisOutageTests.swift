import PrivateServers
import Redis
import Support
import Testing

struct RedisOutageTests {
    /// What became of many calls.
    private struct Tally {
        var answered = 0
        var doubtful = 0
        var unsent = 0
    }

    @Test func `killed in mid-flight and started again, every call ends once`() async throws {
        try await withRedis { server, client in
            let (progress, report) = AsyncStream.makeStream(of: Void.self)
            var total = Tally()
            try await withThrowingTaskGroup(of: Tally.self) { group in
                for _ in 0..<50 {
                    group.addTask { await count(client, times: 200, report: report) }
                }
                var iterator = progress.makeAsyncIterator()
                for _ in 0..<3 {
                    for _ in 0..<1000 { await iterator.next() }
                    await server.kill()
                    try await server.restart()
                }
                for try await tally in group {
                    total.answered += tally.answered
                    total.doubtful += tally.doubtful
                    total.unsent += tally.unsent
                }
            }

            #expect(total.answered + total.doubtful + total.unsent == 10_000)
            #expect(total.answered > 5000)
            let reached = Int(try await client.send(["GET", "count"]).integer ?? 0)
            #expect(total.answered...(total.answered + total.doubtful) ~= reached)
        }
    }

    private func count(
        _ client: RedisClient,
        times: Int,
        report: AsyncStream<Void>.Continuation
    ) async -> Tally {
        var tally = Tally()
        for _ in 0..<times {
            do throws(RedisError) {
                _ = try await client.send(["INCR", "count"])
                tally.answered += 1
            } catch {
                #expect(error.isUnavailable)
                if error.mayHaveRun {
                    tally.doubtful += 1
                } else {
                    tally.unsent += 1
                }
            }
            report.yield()
        }
        return tally
    }

    @Test func `a command waits for a server that is not there yet`() async throws {
        try await withRedis { server, _ in
            await server.kill()
            try await withRedisClient(server.url) { client in
                await #expect(throws: RedisError.self) {
                    try await client.send(["PING"], timeout: .milliseconds(50))
                }

                async let answer = client.send(["PING"])
                try await server.restart()

                #expect(try await answer == .status("PONG"))
            }
        }
    }

    @Test func `a server that was never there is told with the reason`() async throws {
        try await withRedisClient("unix:///tmp/there-is-no-such-socket") { client in
            let error = await #expect(throws: RedisError.self) {
                try await client.send(["PING"], timeout: .milliseconds(300))
            }

            #expect(error == .notConnected(reason: "No such file or directory"))
            #expect(error?.isUnavailable == true)
            #expect(error?.mayHaveRun == false)
        }
    }

    @Test func `an outage is observed once, and its end once`() async throws {
        try await withRedis { server, client in
            let (states, report) = AsyncStream.makeStream(of: RedisState.self)
            var iterator = states.makeAsyncIterator()
            _ = try await client.send(["PING"])
            await client.onChange { report.yield($0) }

            await server.kill()
            guard case .down = await iterator.next() else {
                Issue.record("the outage was not observed")
                return
            }
            await #expect(throws: RedisError.self) {
                try await client.send(["PING"], timeout: .milliseconds(500))
            }
            try await server.restart()

            #expect(await iterator.next() == .up)
        }
    }

    @Test func `a silent server costs the command its time and the connection`() async throws {
        try await withRedis { server, client in
            _ = try await client.send(["PING"])
            try await withRedisClient(server.url) { other in
                _ = try await other.send(["CLIENT", "PAUSE", 60_000, "ALL"])

                await #expect(throws: RedisError.commandTimedOut(command: "GET")) {
                    try await client.send(["GET", "a"], timeout: .milliseconds(100))
                }
                await server.kill()
                try await server.restart()
            }
            #expect(try await client.send(["PING"]) == .status("PONG"))
        }
    }

    @Test func `a cancelled wait ends at once, and others go on`() async throws {
        try await withRedis { server, client in
            _ = try await client.send(["PING"])
            let waiting = Task { () throws(RedisError) in
                try await client.send(["BLPOP", "list", 0])
            }
            try await withRedisClient(server.url) { other in
                while try await !isBlocked(other) {}

                waiting.cancel()
                guard case .failure(let error) = await waiting.result else {
                    Issue.record("the wait was not cancelled")
                    return
                }
                #expect(error as? RedisError == .cancelled)

                async let next = client.send(["ECHO", "mine"])
                _ = try await other.send(["RPUSH", "list", "a"])
                #expect(try await next.text == "mine")
            }
        }
    }

    private func isBlocked(_ client: RedisClient) async throws -> Bool {
        try await client.send(["INFO", "clients"]).text?.contains("blocked_clients:1") == true
    }

    @Test func `a task cancelled beforehand sends nothing`() async throws {
        try await withRedis { _, client in
            let task = Task { () throws(RedisError) in
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(["SET", "a", "1"])
            }

            await #expect(throws: RedisError.cancelled) { try await task.value }
            let answer = try await client.send(["GET", "a"])
            #expect(answer.isNull)
        }
    }

    @Test func `closing ends every waiter, sent or not`() async throws {
        try await withRedis { server, client in
            let nowhere = "unix:///tmp/there-is-no-such-socket"
            try await withRedisClient(nowhere) { unconnected in
                try await withThrowingTaskGroup(of: RedisError?.self) { group in
                    for index in 0..<100 {
                        let one = index % 2 == 0 ? client : unconnected
                        group.addTask {
                            do throws(RedisError) {
                                _ = try await one.send(["BLPOP", "list", 0])
                                return nil
                            } catch {
                                return error
                            }
                        }
                    }
                    try await withRedisClient(server.url) { other in
                        while try await !isBlocked(other) {}
                    }
                    await client.close()
                    await unconnected.close()
                    for try await error in group {
                        #expect(error == .closed)
                    }
                }
                await #expect(throws: RedisError.closed) { try await client.send(["PING"]) }
            }
        }
    }
}
