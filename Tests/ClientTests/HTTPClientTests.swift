import EventLoop
import HTTP
import Testing

/// What goes over the wire when all is well.
struct HTTPClientTests {
    @Test func `a GET is exactly these bytes`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            notes.add(try connection.readHeader())
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        } _: { fixture in
            let response = try await fixture.client.send(
                fixture.request("GET", "/a?b=c", headers: ["X-One": "1", "X-Empty": ""])
            )

            #expect(response.status == 200)
            #expect(response.body == Array("hello".utf8))
            #expect(response.httpVersion == "1.1")
            let lines = [
                "GET /a?b=c HTTP/1.1", "Host: 127.0.0.1:\(fixture.server.port)", "Accept: */*",
                "X-One: 1", "X-Empty:", "User-Agent: tiktok-publisher", "", "",
            ]
            #expect(notes.all == [lines.joined(separator: "\r\n")])
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `a body has its exact length and no Expect`(method: String) async throws {
        let notes = Notes()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 2_000_000)
        try await HTTPFixture.run { connection in
            notes.add(try connection.readHeader())
            let isSame = try connection.read(body.count) == body
            notes.add("\(isSame)")
            try connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        } _: { fixture in
            let type: HTTPHeaders = ["Content-Type": "text/plain"]
            let response = try await fixture.client.send(
                fixture.request(method, headers: type, body: .bytes(body))
            )

            #expect(response.status == 204)
            #expect(response.bytesSent == 2_000_000)
            let header = try #require(notes.all.first)
            #expect(header.hasPrefix("\(method) / HTTP/1.1\r\n"))
            #expect(header.contains("\r\nContent-Length: 2000000\r\n"))
            #expect(header.contains("\r\nContent-Type: text/plain\r\n"))
            #expect(!header.lowercased().contains("expect:"))
            #expect(!header.lowercased().contains("transfer-encoding"))
            #expect(notes.all.last == "true")
        }
    }

    @Test func `an empty body says so, no body does not`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            while true {
                notes.add(try connection.readHeader())
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        } _: { fixture in
            _ = try await fixture.client.send(fixture.request("POST", body: .bytes([])))
            _ = try await fixture.client.send(fixture.request("DELETE"))
            _ = try await fixture.client.send(fixture.request("HEAD"))

            #expect(notes.all.map { $0.contains("Content-Length: 0\r\n") } == [true, false, false])
            #expect(notes.all.allSatisfy { !$0.contains("Content-Type") })
            #expect(notes.all[2].hasPrefix("HEAD / "))
        }
    }

    @Test func `two requests share one connection`() async throws {
        try await HTTPFixture.run { connection in
            while true {
                _ = try connection.readHeader()
                try connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(connection.number)"
                )
            }
        } _: { fixture in
            for _ in 1...3 {
                let response = try await fixture.client.send(fixture.request("GET"))
                #expect(response.body == Array("1".utf8))
            }
            #expect(fixture.server.connectionCount == 1)
        }
    }

    @Test func `a kept-alive connection that was closed is replaced`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            _ = try connection.read(1)
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.close()
            notes.add("closed")
        } _: { fixture in
            for _ in 1...3 {
                let request = fixture.request("PUT", body: .bytes([1]))
                let response = try await fixture.client.send(request)
                #expect(response.status == 200)
                _ = await notes.next()
            }
            #expect(fixture.server.connectionCount == 3)
        }
    }

    @Test func `headers keep their order, duplicates and folded lines`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 429 Slow down\r\nRetry-After:  120 \r\nA: 1\r\nB: x\r\n")
            try connection.write(" y\r\na: 2\r\nEmpty:\r\nContent-Length: 0\r\n\r\n")
        } _: { fixture in
            let response = try await fixture.client.send(fixture.request("GET"))

            #expect(response.status == 429)
            #expect(response.headers["retry-after"] == "120")
            #expect(response.headers.all("A") == ["1", "2"])
            #expect(response.headers["b"] == "x y")
            #expect(response.headers["Empty"] == "")
            #expect(response.headers["Other"] == nil)
        }
    }

    @Test(arguments: [301, 302, 307, 308])
    func `a redirect is an answer and is not followed`(status: Int) async throws {
        try await HTTPFixture.run { connection in
            while true {
                _ = try connection.readHeader()
                try connection.write(
                    "HTTP/1.1 \(status) Moved\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"
                )
            }
        } _: { fixture in
            let response = try await fixture.client.send(fixture.request("GET"))

            #expect(response.status == status)
            #expect(response.headers["Location"] == "/next")
        }
    }

    @Test func `interim answers are passed over and 304 has no body`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nEarly: 1\r\n\r\n"
            )
            try connection.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n")
        } _: { fixture in
            let response = try await fixture.client.send(fixture.request("GET"))

            #expect(response.status == 304)
            #expect(response.headers["Early"] == nil)
            #expect(response.body.isEmpty)
        }
    }

    @Test func `a chunked answer is put together and its trailer left out`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.write("3\r\nabc\r\n2\r\nde\r\n0\r\nLate: 1\r\n\r\n")
        } _: { fixture in
            let response = try await fixture.client.send(fixture.request("GET"))

            #expect(response.body == Array("abcde".utf8))
            #expect(response.headers["Late"] == nil)
        }
    }

    @Test func `a hundred requests run at the same time`() async throws {
        try await HTTPFixture.run { connection in
            while true {
                let header = try connection.readHeader()
                let path = header.split(separator: " ")[1]
                try connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n"
                )
                try connection.write(String(path))
            }
        } _: { fixture in
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...100 {
                    group.addTask {
                        let request = fixture.request("GET", "/\(number)")
                        return try await fixture.client.send(request).body
                            == Array("/\(number)".utf8)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(right == 100)
        }
    }

    @Test func `no more connections than allowed`() async throws {
        var options = HTTPClientOptions()
        options.connectionsPerHostMax = 2
        try await HTTPFixture.run(options: options) { connection in
            while true {
                _ = try connection.readHeader()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        } _: { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...20 {
                    group.addTask { _ = try await fixture.client.send(fixture.request("GET")) }
                }
                try await group.waitForAll()
            }
            #expect(fixture.server.connectionCount <= 2)
        }
    }

    @Test func `a client that is dropped closes its connections`() async throws {
        let notes = Notes()
        let server = try ScriptedHTTPServer { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
            notes.add("left")
        }
        let loop = EventLoop(name: "http-client")
        let request = HTTPRequest("GET", server.url(), allowsPlainHTTP: true)

        _ = try await HTTPClient(on: loop).send(request)

        #expect(await notes.next() == "left")
        server.stop()
        loop.stop()
    }
}
