import Glibc
import Synchronization
import Testing

@testable import HTTP

struct HTTPServerBodyTests {
    @Test func `sixty-four megabytes arrive byte for byte in pieces of bounded size`() async throws
    {
        let size = 64 << 20
        // Not a power of two long, so that no piece is like the one before it.
        let block = (0..<1_048_573).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        var sent: [UInt8] = []
        while sent.count + block.count <= size { sent += block }
        sent += block[..<(size - sent.count)]
        let expectedBytes = sent
        let largest = Mutex(0)
        let handler: HTTPServer.Handler = { request in
            var place = 0
            var isEqual = true
            while let piece = try? await request.body.next() {
                let expected = expectedBytes[place..<min(place + piece.count, size)]
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
            await peer.send(expectedBytes)

            #expect(await peer.read(until: "true").hasSuffix("\(size) true"))
            #expect(largest.withLock { $0 } <= 256 * 1024)
        }
    }

    private static func areEqual(_ left: ArraySlice<UInt8>, _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                guard let start = left.baseAddress, let other = right.baseAddress else {
                    return left.count == right.count
                }
                return left.count == right.count && memcmp(start, other, left.count) == 0
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
            let accepted = await peer.send([UInt8](repeating: 0, count: 256 << 20), patience: 500)
            gate.continuation.finish()
            let (text, _) = await peer.readToEnd()

            // What the kernel holds for both ends; the server itself holds nothing.
            #expect(accepted < 32 << 20)
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
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
