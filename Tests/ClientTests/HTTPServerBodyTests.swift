import Glibc
import Synchronization
import Testing

@testable import HTTP

struct HTTPServerBodyTests {
    @Test func `sixty-four megabytes arrive byte for byte in pieces of bounded size`() async throws
    {
        let size = 64 << 20
        let sent = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = getrandom(buffer.baseAddress, 1 << 20, 0)
            while count < size {
                // Odd steps, so that no piece is like another.
                let step = min(count - 1, size - count)
                memcpy(buffer.baseAddress?.advanced(by: count), buffer.baseAddress, step)
                count += step
            }
        }
        let largest = Mutex(0)
        let handler: HTTPServer.Handler = { request in
            var place = 0
            var isEqual = true
            while let piece = try? await request.body.next() {
                let expected = sent[place..<min(place + piece.count, size)]
                isEqual = isEqual && Self.areEqual(expected, piece)
                place += piece.count
                let count = piece.count
                largest.withLock { $0 = max($0, count) }
            }
            return HTTPServerResponse(status: 200, text: "\(place) \(isEqual)")
        }
        try await withServer(handler: handler) { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            await peer.send(sent)

            #expect(await peer.read(until: "true").hasSuffix("\(size) true"))
            #expect(largest.withLock { $0 } <= 256 * 1024)
        }
    }

    private static func areEqual(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
        left.count == right.count
            && left.withUnsafeBytes { left in
                right.withUnsafeBytes { right in
                    left.isEmpty || memcmp(left.baseAddress, right.baseAddress, left.count) == 0
                }
            }
    }

    @Test func `a handler that never reads makes the peer wait`() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { _ in
            for await _ in gate.stream {}
            return HTTPServerResponse(status: 200)
        }
        try await withServer(handler: handler) { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            let accepted = await peer.blocking { Self.sendUntilFull($0, atMost: 500_000_000) }
            gate.continuation.finish()
            let (text, _) = await peer.readToEnd()

            // What the kernel holds for both ends; the server itself holds nothing.
            #expect(accepted < 32 << 20)
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    /// Sends until the socket takes nothing more for half a second.
    private static func sendUntilFull(_ descriptor: CInt, atMost limit: Int) -> Int {
        let block = [UInt8](repeating: 0, count: 1 << 20)
        var accepted = 0
        var readiness = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while accepted < limit, poll(&readiness, 1, 500) == 1 {
            let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
            let sent = Glibc.send(descriptor, block, block.count, flags)
            guard sent > 0 else { break }
            accepted += sent
        }
        return accepted
    }

    @Test func `a body that ends early is an error for its handler`() async throws {
        let errors = AsyncStream<HTTPServerError>.makeStream()
        let handler: HTTPServer.Handler = { request in
            do throws(HTTPServerError) {
                while try await request.body.next() != nil {}
            } catch {
                errors.continuation.yield(error)
            }
            return HTTPServerResponse(status: 200)
        }
        try await withServer(handler: handler) { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            peer.finishSending()
            let (text, end) = await peer.readToEnd()

            #expect(text.isEmpty && end == .closed)
            #expect(await errors.stream.first { _ in true } == .connectionLost)
        }
    }

    @Test func `a body that stops coming is answered with 408`() async throws {
        var limits = HTTPServerLimits()
        limits.bodyIdle = .milliseconds(100)
        try await withServer(limits) { port, _ in
            let (text, end) = try await exchange(
                "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
                with: port
            )

            #expect(text.hasPrefix("HTTP/1.1 408 "))
            #expect(end == .closed)
        }
    }

    @Test func `a body is of no use once its handler has returned`() async throws {
        let results = AsyncStream<HTTPServerError?>.makeStream()
        let handler: HTTPServer.Handler = { request in
            let body = request.body
            Task {
                do throws(HTTPServerError) {
                    while try await body.next() != nil {}
                    results.continuation.yield(nil)
                } catch {
                    results.continuation.yield(error)
                }
            }
            // Both orders are right: the other task waits already, or comes too late.
            if request.path == "/wait" { await Task.yield() }
            return HTTPServerResponse(status: 200, text: "left")
        }
        try await withServer(handler: handler) { port, _ in
            var ends = results.stream.makeAsyncIterator()
            for path in ["/", "/wait"] {
                let peer = try HTTPServerPeer.connect(to: port)
                await peer.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
                #expect(await peer.read(until: "left").hasSuffix("left"))
                #expect(await ends.next() == .requestEnded)
                await peer.send("abcGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await peer.read(until: "left").hasSuffix("left"))
                _ = await ends.next()
            }
        }
    }

    @Test func `two tasks cannot read one body at the same time`() async throws {
        let refused = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { request in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do throws(HTTPServerError) {
                            while try await request.body.next() != nil {}
                        } catch .alreadyReading {
                            refused.continuation.yield()
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
            return HTTPServerResponse(status: 200, text: "done")
        }
        try await withServer(handler: handler) { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
            // Nothing is sent until one of the two has been refused.
            #expect(await refused.stream.first { true } != nil)
            await peer.send("abc")

            #expect(await peer.read(until: "done").hasSuffix("done"))
        }
    }
}
