import Testing

@testable import HTTP

struct HTTPServerTests {
    @Test(.serialized, arguments: MalformedRequest.all)
    func `what two readers could take differently is refused`(request: MalformedRequest)
        async throws
    {
        try await withServer { port, _ in
            // A second request behind the first must never be answered.
            let next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            let (text, end) = try await exchange(request.text + next, with: port)

            #expect(text.hasPrefix("HTTP/1.1 \(request.status) "))
            #expect(text.components(of: "Connection: close\r\n") == 1)
            #expect(text.components(of: "Date: ") == 1)
            #expect(end == .closed)
        }
    }

    @Test func `an answer always carries its length and a date`() async throws {
        try await withServer { port, _ in
            let (text, _) = try await exchange(
                "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                with: port
            )

            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("\r\nContent-Length: 9\r\n"))
            #expect(text.contains("\r\nDate: "))
            #expect(text.hasSuffix("\r\n\r\nGET /x []"))
        }
    }

    @Test func `pipelined requests are answered one after the other`() async throws {
        try await withServer { port, _ in
            let requests = (0..<50).map {
                "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
            }
            let last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let (text, end) = try await exchange(requests.joined() + last, with: port)

            let places = (0..<50).compactMap { text.firstRange(of: "POST /\($0) [ab]")?.lowerBound }
            #expect(places.count == 50 && places == places.sorted())
            #expect(text.hasSuffix("GET /last []"))
            #expect(end == .closed)
        }
    }

    @Test func `a connection serves a request only after the one before it`() async throws {
        try await withServer { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            for number in 0..<3 {
                await peer.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = await peer.read(until: "[]")
                #expect(text.hasSuffix("GET /\(number) []"))
                #expect(!text.contains("Connection: close"))
            }
        }
    }

    @Test func `HEAD is answered with the length but without the body`() async throws {
        try await withServer { port, _ in
            let (text, _) = try await exchange(
                "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                with: port
            )

            #expect(text.contains("\r\nContent-Length: 10\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `an old client is answered and the connection closed`() async throws {
        try await withServer { port, _ in
            let (text, end) = try await exchange("GET /x HTTP/1.0\r\n\r\n", with: port)

            #expect(text.hasSuffix("GET /x []"))
            #expect(end == .closed)
        }
    }

    @Test func `chunks become one body`() async throws {
        try await withServer { port, _ in
            let (text, _) = try await exchange(
                "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                    + "Connection: close\r\n\r\n"
                    + "5;ext\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: 1\r\n\r\n",
                with: port
            )

            #expect(text.hasSuffix("PUT /x [hello world]"))
        }
    }

    @Test func `a client that asks first is told to go on when the handler wants the body`()
        async throws
    {
        try await withServer { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            await peer.send(
                "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(await peer.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            await peer.send("abc")
            #expect(await peer.read(until: "]").hasSuffix("PUT /x [abc]"))
        }
    }

    @Test func `a client that asks but does not wait keeps its connection`() async throws {
        try await withServer { port, _ in
            let peer = try HTTPServerPeer.connect(to: port)
            let head =
                "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            for _ in 0..<2 {
                await peer.send(head + "abc")
                let text = await peer.read(until: "]")
                #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.hasSuffix("PUT /x [abc]"))
            }
        }
    }

    @Test func `a client whose body nobody wants is not told to go on`() async throws {
        try await withServer(handler: { _ in HTTPServerResponse(status: 403) }) { port, _ in
            let (text, end) = try await exchange(
                "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
                with: port
            )

            #expect(text.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(text.contains("Connection: close\r\n"))
            #expect(end == .closed)
        }
    }

    @Test func `what a handler left unread is dropped before the next request`() async throws {
        let limits = HTTPServerLimits()
        let handler: HTTPServer.Handler = { HTTPServerResponse(status: 200, text: "<\($0.path)>") }
        try await withServer(limits, handler: handler) { port, _ in
            let body = String(repeating: "x", count: 100_000)
            let (text, _) = try await exchange(
                "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)"
                    + "PUT /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "186a0\r\n\(body)\r\n0\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                with: port
            )

            #expect(text.contains("</1>") && text.contains("</2>") && text.hasSuffix("</3>"))
        }
    }

    @Test func `more than may be dropped ends the connection, and the answer still arrives`()
        async throws
    {
        try await withServer(handler: { _ in HTTPServerResponse(status: 413) }) { port, _ in
            let body = String(repeating: "x", count: 3 << 20)
            let (text, end) = try await exchange(
                "PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
                with: port
            )

            #expect(text.components(of: "HTTP/1.1 413") == 1)
            #expect(text.contains("Connection: close\r\n"))
            #expect(end != .stillOpen)
        }
    }

    @Test func `collecting more than its limit gives nothing`() async throws {
        let handler: HTTPServer.Handler = { request in
            let body = try? await request.body.collect(limit: 10)
            return HTTPServerResponse(status: 200, text: body == nil ? "none" : "some")
        }
        try await withServer(handler: handler) { port, _ in
            for (count, expected) in [(10, "some"), (11, "none")] {
                let body = String(repeating: "x", count: count)
                let (text, _) = try await exchange(
                    "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                        + "Content-Length: \(count)\r\n\r\n"
                        + body,
                    with: port
                )
                #expect(text.hasSuffix(expected))
            }
        }
    }

    static let unsound: [HTTPServerResponse] = [
        HTTPServerResponse(status: 200, headers: ["X": "a\r\nSet-Cookie: b"]),
        HTTPServerResponse(status: 200, headers: ["X": "a\nb"]),
        HTTPServerResponse(status: 200, headers: ["X\r\nY": "a"]),
        HTTPServerResponse(status: 200, headers: ["X": "\0"]),
        HTTPServerResponse(status: 200, headers: ["": "a"]),
        HTTPServerResponse(status: 200, headers: ["Content-Length": "7"]),
        HTTPServerResponse(status: 200, headers: ["Transfer-Encoding": "chunked"]),
        HTTPServerResponse(status: 100),
        HTTPServerResponse(status: 600),
    ]

    @Test(arguments: unsound.indices)
    func `an answer that a peer could misread is replaced`(index: Int) async throws {
        try await withServer(handler: { _ in Self.unsound[index] }) { port, _ in
            let (text, end) = try await exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", with: port)

            #expect(text.hasPrefix("HTTP/1.1 500 "))
            #expect(!text.contains("Set-Cookie"))
            #expect(end == .closed)
        }
    }

    @Test func `a chunked body beyond the limit is cut whatever the handler answers`() async throws
    {
        var limits = HTTPServerLimits()
        limits.bodyBytes = 10
        try await withServer(limits) { port, _ in
            let (text, end) = try await exchange(
                "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
                with: port
            )

            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(end == .closed)
        }
    }
}

extension String {
    /// How often `part` occurs.
    func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
