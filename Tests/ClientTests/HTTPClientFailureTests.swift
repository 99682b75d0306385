import Glibc
import HTTP
import Testing

/// What is thrown, and whether the request may have arrived.
struct HTTPClientFailureTests {
    @Test func `a refused connection is told and nothing was sent`() async throws {
        try await HTTPFixture.run { _ in
        } _: { fixture in
            let (listener, port) = try ScriptedHTTPServer.listen(backlog: 1)
            close(listener)
            var request = fixture.request("POST", body: .bytes([1]))
            request.url = "http://127.0.0.1:\(port)/"

            let error = try #require(await fixture.failure(request))

            guard case .cannotConnect = error else { throw error }
            #expect(!error.requestMayHaveArrived)
        }
    }

    @Test func `a connection that never comes about times out`() async throws {
        let (listener, port) = try ScriptedHTTPServer.listen(backlog: 0)
        var fillers: [CInt] = []
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        fillers = fillBacklog(port: port)
        try await HTTPFixture.run { _ in
        } _: { fixture in
            var request = fixture.request("GET")
            request.url = "http://127.0.0.1:\(port)/"
            request.limits.connect = .milliseconds(200)

            let error = await fixture.failure(request)

            #expect(error == .connectTimedOut)
            #expect(error?.requestMayHaveArrived == false)
        }
    }

    @Test func `a name that does not resolve is told`() async throws {
        try await HTTPFixture.run { _ in
        } _: { fixture in
            var request = fixture.request("GET")
            // libcurl answers for this ending itself, without asking a name server (RFC 7686).
            request.url = "http://nobody.onion/"

            let error = try #require(await fixture.failure(request))

            guard case .cannotResolve = error else { throw error }
            #expect(!error.requestMayHaveArrived)
        }
    }

    @Test func `closed or reset before the answer is a lost connection`() async throws {
        for isReset in [false, true] {
            try await HTTPFixture.run { connection in
                _ = try connection.readHeader()
                if isReset { connection.reset() }
            } _: { fixture in
                let error = try #require(await fixture.failure(fixture.request("GET")))

                guard case .connectionLost(_, 0, true) = error else { throw error }
                #expect(error.requestMayHaveArrived)
            }
        }
    }

    @Test func `reset in the middle of an upload is a lost connection`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            _ = try connection.read(100_000)
            connection.reset()
        } _: { fixture in
            let body = HTTPBody.stream(length: 100_000_000) { _, count in
                [UInt8](repeating: 7, count: count)
            }
            let error = try #require(await fixture.failure(fixture.request("PUT", body: body)))

            guard case .connectionLost(_, let sent, true) = error else { throw error }
            #expect(sent >= 100_000 && sent < 100_000_000)
        }
    }

    @Test func `a truncated body is a lost connection`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        } _: { fixture in
            let error = try #require(await fixture.failure(fixture.request("GET")))

            guard case .connectionLost(_, _, true) = error else { throw error }
        }
    }

    @Test func `bytes after the announced length do not belong to the answer`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n"
            )
            connection.waitForEnd()
        } _: { fixture in
            let first = try await fixture.client.send(fixture.request("GET"))

            #expect(first.body == Array("ok".utf8))
        }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA: \u{1}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ])
    func `garbage is no answer`(text: String) async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write(text)
        } _: { fixture in
            let error = try #require(await fixture.failure(fixture.request("GET")))

            guard case .malformedResponse = error else { throw error }
            #expect(error.requestMayHaveArrived)
        }
    }

    @Test func `a body or header larger than allowed ends the request`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 500))\r\n")
            try connection.write("Content-Length: 1000\r\n\r\n")
            try connection.write([UInt8](repeating: 1, count: 1000))
        } _: { fixture in
            var request = fixture.request("GET")
            request.limits.responseBodyBytes = 1000
            let response = try await fixture.client.send(request)
            #expect(response.body.count == 1000)

            request.limits.responseBodyBytes = 999
            let tooLarge = HTTPError.responseTooLarge(.body(announced: 1000))
            #expect(await fixture.failure(request) == tooLarge)

            request.limits.responseHeaderBytes = 500
            #expect(await fixture.failure(request) == .responseTooLarge(.headers))
        }
    }

    @Test func `what breaks the rules of a request is refused before sending`() async throws {
        try await HTTPFixture.run { _ in
        } _: { fixture in
            var requests = ["a\r\nb", "a\nb", "a\0b", "\u{7f}"].map {
                fixture.request("GET", headers: ["X": $0])
            }
            requests += ["X Y", "", "Expect", "content-length", "Transfer-Encoding", "X:"].map {
                fixture.request("GET", headers: [$0: "1"])
            }
            requests.append(fixture.request("GET /\r\n"))
            requests.append(fixture.request("PUT", body: .stream(length: -1) { _, _ in [] }))
            var pinned = fixture.request("GET")
            pinned.resolve = ["nothing"]
            requests.append(pinned)
            for request in requests {
                let error = try #require(await fixture.failure(request))
                guard case .invalidRequest = error else { throw error }
            }

            var plain = fixture.request("GET")
            plain.allowsPlainHTTP = false
            #expect(await fixture.failure(plain) == .plainHTTPRefused)
            plain.url = "http://a b/"
            #expect(await fixture.failure(plain) == .badURL(.forbiddenCharacter))
            #expect(fixture.server.connectionCount == 0)
        }
    }

    @Test func `a closed client refuses`() async throws {
        try await HTTPFixture.run { _ in
        } _: { fixture in
            await fixture.client.close()

            #expect(await fixture.failure(fixture.request("GET")) == .closed)
        }
    }

    /// Takes the places of a listener until the kernel lets further attempts hang.
    private func fillBacklog(port: UInt16) -> [CInt] {
        (0..<8).map { _ in
            let filler = socket(
                AF_INET,
                CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue),
                0
            )
            var address = ScriptedHTTPServer.loopback(port: port)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = connect(filler, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            return filler
        }
    }
}
