import HTTP
import Synchronization
import Testing

/// Where a request may connect to.
struct HTTPClientAddressTests {
    private static let answering: ScriptedHTTPServer.Script = { connection in
        while true {
            let header = try connection.readHeader()
            let host = header.split(separator: "\r\n")[1]
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(host.utf8.count)\r\n\r\n")
            try connection.write(String(host))
        }
    }

    @Test func `a pinned address is used instead of the resolver`() async throws {
        try await HTTPFixture.run(Self.answering) { fixture in
            let port = fixture.server.port
            var request = fixture.request("GET")
            request.url = "http://video.example:\(port)/"
            request.resolve = [
                "other.example:\(port):127.0.0.9", "video.example:\(port):127.0.0.1",
            ]

            let response = try await fixture.client.send(request)

            #expect(response.body == Array("Host: video.example:\(port)".utf8))
        }
    }

    @Test func `a pin binds its own request only`() async throws {
        try await HTTPFixture.run(Self.answering) { fixture in
            let port = fixture.server.port
            var request = fixture.request("GET")
            request.url = "http://video.onion:\(port)/"
            request.resolve = ["video.onion:\(port):127.0.0.1"]
            _ = try await fixture.client.send(request)

            request.resolve = []
            let error = try #require(await fixture.failure(request))

            guard case .cannotResolve = error else { throw error }
        }
    }

    @Test func `a refused address is not connected to`() async throws {
        try await HTTPFixture.run(Self.answering) { fixture in
            let seen = Mutex<[[UInt8]]>([])
            var request = fixture.request("GET")
            request.checkAddress = { bytes in
                seen.withLock { $0.append(bytes) }
                return false
            }

            let error = await fixture.failure(request)

            #expect(error == .refusedAddress("127.0.0.1"))
            #expect(error?.requestMayHaveArrived == false)
            #expect(seen.withLock { $0 } == [[127, 0, 0, 1]])
            #expect(fixture.server.connectionCount == 0)
        }
    }

    /// Answers the first request of a connection, and notes whether another came over it.
    private static func answeringOnce(_ notes: Notes) -> ScriptedHTTPServer.Script {
        { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            notes.add((try? connection.readHeader()) ?? "nothing")
        }
    }

    @Test func `a kept-alive connection is checked too`() async throws {
        let notes = Notes()
        try await HTTPFixture.run(Self.answeringOnce(notes)) { fixture in
            var request = fixture.request("GET")
            _ = try await fixture.client.send(request)
            request.checkAddress = { _ in false }

            #expect(await fixture.failure(request) == .refusedAddress("127.0.0.1"))
            #expect(await notes.next() == "nothing")
        }
    }

    @Test func `a request that may not go out any more is not written`() async throws {
        let notes = Notes()
        try await HTTPFixture.run(Self.answeringOnce(notes)) { fixture in
            let mayGoOut = Mutex(true)
            var request = fixture.request("POST")
            request.mayGoOut = { mayGoOut.withLock(\.self) }
            _ = try await fixture.client.send(request)
            mayGoOut.withLock { $0 = false }

            let error = await fixture.failure(request)

            #expect(error == .cancelled(requestMayHaveArrived: false))
            #expect(await notes.next() == "nothing")
        }
    }

    @Test func `a proxy is used only when asked for`() async throws {
        try await HTTPFixture.run { connection in
            let line = try connection.readHeader().prefix { $0 != "\r\n" }
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n")
            try connection.write(String(line))
        } _: { fixture in
            var request = fixture.request("GET")
            request.url = "http://video.example/a"
            request.proxy = fixture.server.url("")

            let response = try await fixture.client.send(request)

            #expect(response.body == Array("GET http://video.example/a HTTP/1.1".utf8))
            request.checkAddress = { _ in true }
            let error = try #require(await fixture.failure(request))
            guard case .invalidRequest = error else { throw error }
        }
    }
}
