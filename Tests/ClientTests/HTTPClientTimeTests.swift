import Dispatch
import Glibc
import HTTP
import Testing

/// Deadlines and cancellation, and the connections that must not outlive them.
struct HTTPClientTimeTests {
    @Test func `a server that never answers is given up after its time`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            connection.waitForEnd()
            notes.add("left")
        } _: { fixture in
            var request = fixture.request("POST", body: .bytes([1, 2, 3]))
            request.limits.firstResponseByte = .milliseconds(100)

            let error = await fixture.failure(request)

            #expect(error == .timedOut(.waitingForResponse))
            #expect(error?.requestMayHaveArrived == true)
            #expect(await notes.next() == "left")
        }
    }

    @Test func `an answer that stops in the middle is stalled`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            connection.waitForEnd()
        } _: { fixture in
            var request = fixture.request("GET")
            request.limits.stalledAfter = .milliseconds(100)

            #expect(await fixture.failure(request) == .stalled(.receiving))
        }
    }

    @Test func `an upload nobody reads is stalled`() async throws {
        let over = DispatchSemaphore(value: 0)
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            over.wait()
        } _: { fixture in
            let body = HTTPBody.stream(length: 1_000_000_000) { _, count in
                [UInt8](repeating: 7, count: count)
            }
            var request = fixture.request("PUT", body: body)
            request.limits.stalledAfter = .seconds(1)

            let error = await fixture.failure(request)
            over.signal()

            #expect(error == .stalled(.sending))
            #expect(error?.requestMayHaveArrived == true)
        }
    }

    @Test func `a body source that hangs is stalled`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            connection.waitForEnd()
        } _: { fixture in
            let body = HTTPBody.stream(length: 1000) { _, _ in
                try await Task.sleep(for: .seconds(600))
                return []
            }
            var request = fixture.request("PUT", body: body)
            request.limits.stalledAfter = .milliseconds(100)

            #expect(await fixture.failure(request) == .stalled(.readingBody))
        }
    }

    @Test func `a slow drip is not stalled but the total ends it`() async throws {
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in 1...100_000 {
                try connection.write("x")
                usleep(5000)
            }
        } _: { fixture in
            var request = fixture.request("GET")
            request.limits.stalledAfter = .milliseconds(450)
            request.limits.total = .milliseconds(900)

            #expect(await fixture.failure(request) == .timedOut(.receiving))
        }
    }

    @Test func `waiting for a turn has an end, and only so many may wait`() async throws {
        var options = HTTPClientOptions()
        options.connectionsMax = 1
        options.waitingMax = 1
        let notes = Notes()
        try await HTTPFixture.run(options: options) { connection in
            _ = try connection.readHeader()
            notes.add("started")
            connection.waitForEnd()
        } _: { fixture in
            var request = fixture.request("GET")
            let first = Task { [request] in await fixture.failure(request) }
            _ = await notes.next()

            request.limits.turn = .milliseconds(50)
            let error = await fixture.failure(request)
            #expect(error == .timedOut(.waitingForTurn))
            #expect(error?.requestMayHaveArrived == false)

            first.cancel()
            #expect(await first.value == .cancelled(requestMayHaveArrived: true))
        }
    }

    @Test func `cancelling in the middle of an upload closes the connection`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            _ = try connection.read(1_000_000)
            notes.add("reading")
            connection.waitForEnd()
            notes.add("left")
        } _: { fixture in
            let body = HTTPBody.stream(length: 1 << 40) { _, count in
                [UInt8](repeating: 7, count: count)
            }
            let upload = Task { await fixture.failure(fixture.request("PUT", body: body)) }
            #expect(await notes.next() == "reading")

            upload.cancel()

            #expect(await upload.value == .cancelled(requestMayHaveArrived: true))
            #expect(await notes.next() == "left")
        }
    }

    @Test func `a task cancelled before it begins sends nothing`() async throws {
        try await HTTPFixture.run { _ in
        } _: { fixture in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await fixture.failure(fixture.request("GET"))
            }

            #expect(await task.value == .cancelled(requestMayHaveArrived: false))
            #expect(fixture.server.connectionCount == 0)
        }
    }

    @Test func `closing the client ends what is on its way`() async throws {
        let notes = Notes()
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            notes.add("asked")
            connection.waitForEnd()
            notes.add("left")
        } _: { fixture in
            let task = Task { await fixture.failure(fixture.request("GET")) }
            #expect(await notes.next() == "asked")

            await fixture.client.close()

            #expect(await task.value == .cancelled(requestMayHaveArrived: true))
            #expect(await notes.next() == "left")
        }
    }
}
