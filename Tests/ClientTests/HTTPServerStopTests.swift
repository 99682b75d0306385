import EventLoop
import Glibc
import Testing

@testable import HTTP

/// Counts descriptors, so its tests run one at a time; those of other suites may run beside them,
/// which is why the sockets of one port are counted and not all descriptors.
@Suite(.serialized)
struct HTTPServerStopTests {
    // tidy: long function, because it opens one connection in each state there is.
    @Test func `a stop with open connections leaves no socket behind`() async throws {
        var limits = HTTPServerLimits()
        limits.stopGrace = .milliseconds(100)
        let entered = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { request in
            entered.continuation.yield()
            switch request.path {
            case "/hang": return HTTPServerResponse(status: 200, delivery: .hang)
            case "/slow":
                let body = [UInt8](repeating: 120, count: 1000)
                return HTTPServerResponse(
                    status: 200,
                    body: body,
                    delivery: .slowly(bytesPerSecond: 1)
                )
            case "/sleep":
                // Ends by its cancellation, long before its hour.
                try? await Task.sleep(for: .seconds(3600))
                return HTTPServerResponse(status: 200)
            default:
                _ = try? await request.body.next()
                return HTTPServerResponse(status: 200)
            }
        }
        try await withServer(limits, handler: handler) { port, server in
            var peers = [try HTTPServerPeer.connect(to: port)]
            for path in ["/hang", "/slow", "/sleep", "/body"] {
                let peer = try HTTPServerPeer.connect(to: port)
                await peer.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
                peers.append(peer)
            }
            var count = 0
            for await _ in entered.stream {
                count += 1
                if count == 4 { break }
            }
            #expect(Self.serverSockets(port) >= 5)

            await server.stop()

            #expect(Self.serverSockets(port) == 0)
            for peer in peers {
                #expect(await peer.readToEnd().end != .stillOpen)
            }
        }
    }

    @Test func `a stop lets the request under way finish`() async throws {
        let entered = AsyncStream<Void>.makeStream()
        let gate = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { _ in
            entered.continuation.yield()
            for await _ in gate.stream {}
            return HTTPServerResponse(status: 200, text: "finished")
        }
        try await withServer(handler: handler) { port, server in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await entered.stream.first { true }
            async let stopped: Void = server.stop()
            while await !server.isStopped { await Task.yield() }
            gate.continuation.finish()
            await stopped
            let (text, _) = await peer.readToEnd()

            #expect(text.components(of: "finished") == 1)
            #expect(text.contains("Connection: close\r\n"))
        }
    }

    @Test func `a handler that ignores its cancellation does not hold up a stop`() async throws {
        var limits = HTTPServerLimits()
        limits.stopGrace = .zero
        let entered = AsyncStream<Void>.makeStream()
        let gate = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { _ in
            entered.continuation.yield()
            // A task of its own does not see the cancellation.
            await Task { for await _ in gate.stream {} }.value
            return HTTPServerResponse(status: 200)
        }
        try await withServer(limits, handler: handler) { port, server in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await entered.stream.first { true }

            await server.stop()

            #expect(Self.serverSockets(port) == 0)
            #expect(await peer.readToEnd().text.isEmpty)
            gate.continuation.finish()
            await server.waitUntilEmpty(atMost: .seconds(20))
        }
    }

    @Test func `nobody is served after a stop`() async throws {
        try await withServer { port, server in
            await server.stop()

            #expect(throws: HTTPServerError.system(call: "connect", errno: ECONNREFUSED)) {
                _ = try HTTPServerPeer.connect(to: port)
            }
            await #expect(throws: HTTPServerError.stopped) {
                _ = try await server.listen(host: "127.0.0.1", port: 0)
            }
        }
    }

    @Test func `a thousand connections leave no descriptor behind`() async throws {
        try await withServer { port, server in
            for _ in 0..<1000 {
                let peer = try HTTPServerPeer.connect(to: port)
                await peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = await peer.readToEnd()
            }
            await server.waitUntilEmpty(atMost: .seconds(20))

            // The listener alone.
            #expect(Self.serverSockets(port) == 1)
        }
    }

    /// Descriptors of this process whose own address has that port.
    private static func serverSockets(_ port: UInt16) -> Int {
        guard let folder = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = CInt(name), ownPort(descriptor) == port { count += 1 }
        }
        return count
    }

    private static func ownPort(_ descriptor: CInt) -> UInt16? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return UInt16(bigEndian: address.sin_port)
    }
}
