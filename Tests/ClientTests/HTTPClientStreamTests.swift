import HTTP
import Synchronization
import Testing

/// Bodies that are pulled while they are sent.
struct HTTPClientStreamTests {
    /// A byte for each offset; the period is prime, so a piece out of place shows.
    private static let pattern = (0..<(512 * 1024 + 65_537)).map {
        UInt8(truncatingIfNeeded: $0 % 251)
    }

    private static func piece(_ offset: Int64, _ count: Int) -> [UInt8] {
        let start = Int(offset % 251)
        return Array(pattern[start..<start + count])
    }

    @Test func `64 MB arrive as they were read`() async throws {
        let length: Int64 = 64 << 20
        let notes = Notes()
        try await HTTPFixture.run { connection in
            notes.add(try connection.readHeader())
            var offset: Int64 = 0
            while offset < length {
                let bytes = try connection.read(131_072)
                guard bytes == Self.piece(offset, 131_072) else { throw ScriptError.ended }
                offset += 131_072
            }
            try connection.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        } _: { fixture in
            let progress = Mutex<[Int64]>([])
            let asked = Mutex<[Int64]>([])
            let body = HTTPBody.stream(length: length) { offset, count in
                asked.withLock { $0.append(offset) }
                return Self.piece(offset, offset % 3 == 0 ? count : max(1, count / 2))
            }
            let response = try await fixture.client.send(fixture.request("PUT", body: body)) {
                let sent = $0
                progress.withLock { $0.append(sent) }
            }

            #expect(response.status == 201)
            #expect(response.bytesSent == length)
            #expect(notes.all.first?.contains("\r\nContent-Length: \(length)\r\n") == true)
            #expect(progress.withLock { $0 == $0.sorted() && $0.last == length })
            #expect(asked.withLock { $0 == $0.sorted() })
        }
    }

    @Test func `an empty stream is never read`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        } _: { fixture in
            let body = HTTPBody.stream(length: 0) { _, _ in throw ScriptError.ended }

            let response = try await fixture.client.send(fixture.request("PUT", body: body))

            #expect(response.status == 204)
        }
    }

    @Test func `an error of the source ends the transfer and closes the connection`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            connection.waitForEnd()
            notes.add("left")
        } _: { fixture in
            let body = HTTPBody.stream(length: 10_000_000) { offset, count in
                guard offset < 2_000_000 else { throw ScriptError.ended }
                return [UInt8](repeating: 7, count: count)
            }
            let error = try #require(await fixture.failure(fixture.request("PUT", body: body)))

            #expect(error == .bodySource("ended", requestMayHaveArrived: true))
            #expect(await notes.next() == "left")
        }
    }

    @Test(arguments: [0, 1])
    func `a source must give what it was asked for`(extra: Int) async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            connection.waitForEnd()
        } _: { fixture in
            let body = HTTPBody.stream(length: 1000) { _, count in
                [UInt8](repeating: 7, count: extra == 0 ? 0 : count + 1)
            }
            let error = try #require(await fixture.failure(fixture.request("PUT", body: body)))

            guard case .bodySource = error else { throw error }
        }
    }

    @Test func `an early answer comes with the bytes sent so far`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            _ = try connection.read(1000)
            try connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
        } _: { fixture in
            let body = HTTPBody.stream(length: 1 << 40) { _, count in
                [UInt8](repeating: 7, count: count)
            }
            let response = try await fixture.client.send(fixture.request("PUT", body: body))

            #expect(response.status == 413)
            #expect(response.bytesSent < 1 << 40)
        }
    }

    @Test func `a PUT is sent again from its start when a kept connection dies`() async throws {
        try await HTTPFixture.run(Self.dyingAtSecondRequest) { fixture in
            let body = HTTPBody.stream(length: 500_000) { Self.piece($0, $1) }
            _ = try await fixture.client.send(fixture.request("GET"))

            let response = try await fixture.client.send(fixture.request("PUT", body: body))

            #expect(response.body == Array("2".utf8))
        }
    }

    @Test func `a POST is not sent again when a kept connection dies`() async throws {
        try await HTTPFixture.run(Self.dyingAtSecondRequest) { fixture in
            let body = HTTPBody.stream(length: 500_000) { Self.piece($0, $1) }
            _ = try await fixture.client.send(fixture.request("GET"))

            let error = try #require(await fixture.failure(fixture.request("POST", body: body)))

            guard case .connectionLost(_, _, true) = error else { throw error }
            _ = try await fixture.client.send(fixture.request("GET"))
            var repeated = fixture.request("POST", body: body)
            repeated.mayRepeat = true
            let response = try await fixture.client.send(repeated)
            #expect(response.status == 200)
        }
    }

    /// Answers the first request on each connection and drops odd connections with the second, once
    /// its body has arrived.
    private static let dyingAtSecondRequest: ScriptedHTTPServer.Script = { connection in
        while true {
            let header = try connection.readHeader()
            if header.contains("Content-Length: 500000") {
                guard try connection.read(250_000) == piece(0, 250_000) else { return }
                guard try connection.read(250_000) == piece(250_000, 250_000) else { return }
                if connection.number % 2 == 1 { return }
            }
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(connection.number)")
        }
    }
}
