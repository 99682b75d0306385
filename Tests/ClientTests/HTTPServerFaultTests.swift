import Glibc
import Testing

@testable import HTTP

/// Peers and servers that behave badly.
struct HTTPServerFaultTests {
    static func answering(_ delivery: HTTPServerResponse.Delivery) -> HTTPServer.Handler {
        { _ in
            HTTPServerResponse(status: 200, body: Array("0123456789".utf8), delivery: delivery)
        }
    }

    static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `a slow answer arrives whole`() async throws {
        try await withServer(handler: Self.answering(.slowly(bytesPerSecond: 100))) { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send(Self.get)

            #expect(await peer.read(until: "0123456789").contains("\r\n\r\n0123"))
        }
    }

    @Test func `a truncated answer promises more than it brings`() async throws {
        try await withServer(handler: Self.answering(.truncated(after: 4))) { port, _ in
            let (text, end) = try await exchange(Self.get, with: port)

            #expect(text.contains("Content-Length: 10\r\n"))
            #expect(text.hasSuffix("\r\n\r\n0123"))
            #expect(end == .closed)
        }
    }

    @Test func `a reset is seen as a broken connection`() async throws {
        try await withServer(handler: Self.answering(.reset)) { port, _ in
            let (text, end) = try await exchange(Self.get, with: port)

            #expect(text.isEmpty)
            #expect(end == .reset)
        }
    }

    @Test func `a hanging answer lasts until the server stops`() async throws {
        let entered = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { _ in
            entered.continuation.yield()
            return HTTPServerResponse(status: 200, delivery: .hang)
        }
        try await withServer(handler: handler) { port, server in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send(Self.get)
            _ = await entered.stream.first { true }
            async let reading = peer.readToEnd()
            await server.stop()
            let (text, end) = await reading

            #expect(text.isEmpty)
            #expect(end != .stillOpen)
        }
    }

    @Test func `a hanging answer ends when the peer leaves`() async throws {
        try await withServer(handler: Self.answering(.hang)) { port, server in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send(Self.get)
            peer.finishSending()

            #expect(await peer.readToEnd().end == .closed)
        }
    }

    @Test func `a head that comes too slowly is cut`() async throws {
        var limits = HTTPServerLimits()
        limits.headDeadline = .milliseconds(500)
        try await withServer(limits) { port, _ in
            let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
            let peer = try HTTPServerPeer.connect(to: port, sending: start)
            // Never silent: what counts is the whole head.
            let drip = Task {
                while !Task.isCancelled {
                    await peer.send("a")
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let (text, end) = await peer.readToEnd()
            drip.cancel()

            #expect(text.hasPrefix("HTTP/1.1 408 "))
            #expect(end == .closed)
        }
    }

    @Test func `a silent connection is closed without a word`() async throws {
        var limits = HTTPServerLimits()
        limits.headDeadline = .milliseconds(50)
        limits.keepAliveIdle = .milliseconds(50)
        try await withServer(limits) { port, _ in
            let silent = try HTTPServerPeer.connect(to: port)
            let (text, end) = await silent.readToEnd()
            #expect(text.isEmpty && end == .closed)

            let (answer, secondEnd) = try await exchange(Self.get, with: port)
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("GET / []"))
            #expect(secondEnd == .closed)
        }
    }

    @Test func `a peer that does not take its answer is cut`() async throws {
        var limits = HTTPServerLimits()
        limits.writeIdle = .milliseconds(100)
        let handler: HTTPServer.Handler = { _ in
            HTTPServerResponse(status: 200, body: [UInt8](repeating: 120, count: 64 << 20))
        }
        try await withServer(limits, handler: handler) { port, server in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send(Self.get)
            await server.waitUntilEmpty(atMost: .seconds(20))
            let (text, end) = await peer.readToEnd()

            #expect(text.utf8.count < 64 << 20)
            #expect(end != .stillOpen)
        }
    }

    @Test func `connections beyond the limit are told 503`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 2
        try await withServer(limits) { port, _ in
            var welcome: [HTTPServerPeer] = []
            for _ in 0..<2 {
                let peer = try HTTPServerPeer.connect(to: port)
                await peer.send(Self.get)
                #expect(await peer.read(until: "[]").hasPrefix("HTTP/1.1 200 "))
                welcome.append(peer)
            }
            let (text, end) = try await exchange(Self.get, with: port)
            #expect(text.hasPrefix("HTTP/1.1 503 "))
            #expect(end == .closed)
            #expect(welcome.count == 2)
        }
    }

    @Test func `a crowd beyond every limit waits and is served in the end`() async throws {
        var limits = HTTPServerLimits()
        limits.connections = 1
        try await withServer(limits) { port, _ in
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                        return try await exchange(request, with: port).text
                    }
                }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }

            #expect(answers.count == 100)
            #expect(
                answers.allSatisfy {
                    $0.hasPrefix("HTTP/1.1 200 ") || $0.hasPrefix("HTTP/1.1 503 ")
                }
            )
        }
    }

    @Test(arguments: ["example.com", "300.0.0.1", ""])
    func `only numeric addresses are listened on`(host: String) async throws {
        try await withServer { _, server in
            await #expect(throws: HTTPServerError.badAddress(host)) {
                _ = try await server.listen(host: host, port: 0)
            }
        }
    }

    @Test func `a port that is taken is refused`() async throws {
        try await withServer { port, server in
            await #expect(throws: HTTPServerError.system(call: "bind", errno: EADDRINUSE)) {
                _ = try await server.listen(host: "127.0.0.1", port: port)
            }
        }
    }
}
