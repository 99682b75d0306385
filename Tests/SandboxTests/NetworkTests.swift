import Crypto
import EventLoop
import HTTP
import JSON
import Testing

@testable import Sandbox

/// The same stand-in, seen through real sockets.
struct NetworkTests {
    /// One sandbox with one account.
    struct Scene {
        let sandbox: Sandbox
        let connection: SandboxConnection
        let port: UInt16

        func request(_ endpoint: SandboxEndpoint, _ body: String = "{}") -> String {
            """
            POST \(endpoint.path ?? "/") HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(connection.accessToken)\r
            Content-Type: application/json; charset=UTF-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r
            \(body)
            """
        }

        func ask(
            _ endpoint: SandboxEndpoint,
            _ body: JSONValue = [:]
        ) async -> (text: String, ending: RawClient.Ending) {
            await RawClient.exchange(port: port, request(endpoint, body.encodedText))
        }

        /// - Returns: path and query of the upload address.
        func begin(size: Int64, chunk: Int64) async throws -> Substring {
            let text = await ask(.videoInit, .video(size: size, chunk: chunk)).text
            let body = try #require(text.split(separator: "\r\n\r\n").last)
            let reply = try JSONValue(parsing: Array(body.utf8))
            let url = try #require(reply["data"]?["upload_url"]?.string)
            #expect(url.hasPrefix(sandbox.url))
            return url.dropFirst(sandbox.url.count)
        }

        func putHead(_ target: Substring, _ range: ClosedRange<Int64>, of size: Int64) -> String {
            """
            PUT \(target) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: video/mp4\r
            Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/\(size)\r
            Content-Length: \(range.count)\r
            Connection: close\r
            \r

            """
        }
    }

    func with(
        _ options: SandboxOptions = SandboxOptions(),
        _ body: (Scene) async throws -> Void
    ) async throws {
        let loop = EventLoop(name: "sandbox")
        let sandbox = try await Sandbox.start(on: loop, options: options)
        let connection = sandbox.addAccount(SandboxAccount("mira"))
        let scene = Scene(sandbox: sandbox, connection: connection, port: sandbox.port)
        do {
            try await body(scene)
        } catch {
            Issue.record(error)
        }
        await sandbox.stop()
        loop.stop()
    }

    @Test func `a video goes up in chunks and comes out with its digest`() async throws {
        var options = SandboxOptions()
        options.processing = .zero
        try await with(options) { scene in
            let bytes = (0..<11_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let target = try await scene.begin(size: 11_000_000, chunk: 5_500_000)
            for (range, status) in [
                (0...5_499_999, "206 "), (5_500_000...10_999_999, "201 "),
            ] as [(ClosedRange<Int64>, String)] {
                let (text, ending) = await RawClient.exchange(
                    port: scene.port,
                    scene.putHead(target, range, of: 11_000_000),
                    Array(bytes[Int(range.lowerBound)...Int(range.upperBound)])
                )
                #expect(text.hasPrefix("HTTP/1.1 " + status))
                #expect(ending == .closed)
            }

            let report = scene.sandbox.report()
            #expect(report.delivered(titled: "loaf").map(\.sha256) == [SHA256.hex(bytes)])
            #expect(report.violationCount == 0)
        }
    }

    @Test func `a client that leaves in mid-chunk leaves nothing`() async throws {
        try await with { scene in
            let target = try await scene.begin(size: 1_000_000, chunk: 1_000_000)
            let head = scene.putHead(target, 0...999_999, of: 1_000_000)
            let body = [UInt8](repeating: 1, count: 1_000_000)
            _ = await RawClient.exchange(
                port: scene.port,
                head,
                Array(body.prefix(700_000)),
                isLeaving: true
            )

            // The next attempt counts, whether or not the first one's end was seen by now.
            let reply = await RawClient.exchange(port: scene.port, head, body)

            #expect(reply.text.hasPrefix("HTTP/1.1 201 "))
            let sha256 = SHA256.hex(body)
            #expect(scene.sandbox.report().posts.map(\.sha256) == [sha256])
        }
    }

    @Test func `a chunk without a length is refused`() async throws {
        try await with { scene in
            let target = try await scene.begin(size: 5, chunk: 5)
            let request =
                scene.putHead(target, 0...4, of: 5)
                .replacing("Content-Length: 5", with: "Transfer-Encoding: chunked")
                + "5\r\nabcde\r\n0\r\n\r\n"

            let text = await RawClient.exchange(port: scene.port, request).text
            #expect(text.hasPrefix("HTTP/1.1 400 "))
            #expect(text.hasSuffix("Content-Length is required"))
        }
    }

    @Test func `resets are seen as resets, before and after the effect`() async throws {
        try await with { scene in
            scene.sandbox.fault(.videoInit, .resetBefore)
            scene.sandbox.fault(.videoInit, .resetAfter, skip: 1)

            #expect(await scene.ask(.videoInit, .video()) == ("", .reset))
            #expect(scene.sandbox.report().posts.isEmpty)
            #expect(await scene.ask(.videoInit, .video()) == ("", .reset))
            #expect(scene.sandbox.report().posts.count == 1)
            #expect(await scene.ask(.videoInit, .video()).text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `an upload can be reset midway, refused, or reset after it was stored`() async throws
    {
        try await with { scene in
            let target = try await scene.begin(size: 1_000_000, chunk: 1_000_000)
            scene.sandbox.fault(.upload, .resetMidway(afterBytes: 300_000))
            scene.sandbox.fault(.upload, .refuse(status: 500, code: ""), skip: 1)
            scene.sandbox.fault(.upload, .resetAfter, skip: 2)
            let body = [UInt8](repeating: 1, count: 1_000_000)
            var endings: [(String, RawClient.Ending)] = []
            var received: [Int64] = []

            for _ in 0..<3 {
                let (text, ending) = await RawClient.exchange(
                    port: scene.port,
                    scene.putHead(target, 0...999_999, of: 1_000_000),
                    body
                )
                endings.append((String(text.prefix(13)), ending))
                received.append(scene.sandbox.report().posts[0].bytes)
            }

            #expect(endings.map(\.1) == [.reset, .closed, .reset])
            #expect(endings.map(\.0) == ["", "HTTP/1.1 500 ", ""])
            #expect(received == [0, 0, 1_000_000])
        }
    }

    @Test func `a hanging answer never comes`() async throws {
        try await with { scene in
            for action in [SandboxFault.Action.hangBefore, .hangAfter] {
                scene.sandbox.fault(.creatorInfo, action)

                let reply = await RawClient.exchange(
                    port: scene.port,
                    scene.request(.creatorInfo),
                    patience: .milliseconds(200)
                )

                #expect(reply == ("", .silent))
            }
        }
    }

    @Test func `truncated, dripping and foreign answers arrive as scripted`() async throws {
        try await with { scene in
            scene.sandbox.fault(.creatorInfo, .truncated(after: 5))
            scene.sandbox.fault(.creatorInfo, .slow(bytesPerSecond: 4000), skip: 1)
            let html = "<html>"
            let foreign = SandboxFault.Action.body(status: 502, type: "text/html", text: html)
            scene.sandbox.fault(.creatorInfo, foreign, skip: 2)

            let truncated = await scene.ask(.creatorInfo)
            #expect(truncated.text.hasSuffix("\r\n\r\n{\"dat"))
            #expect(truncated.ending == .closed)
            #expect(await scene.ask(.creatorInfo).text.hasSuffix("\"message\":\"\"}}"))
            let other = await scene.ask(.creatorInfo).text
            #expect(other.hasPrefix("HTTP/1.1 502 "))
            #expect(other.contains("Content-Type: text/html"))
            #expect(other.hasSuffix(html))
        }
    }

    @Test func `the sink takes anything and can hash it`() async throws {
        try await with { scene in
            let body = [UInt8](repeating: 9, count: 700_000)

            let text = await RawClient.exchange(
                port: scene.port,
                "PUT /sink?hash=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n"
                    + "Connection: close\r\n\r\n",
                body
            ).text

            #expect(text.contains(SHA256.hex(body)))
            #expect(text.contains("\"bytes\":700000"))
        }
    }

    @Test func `administration works over the same port`() async throws {
        try await with { scene in
            let report = await RawClient.exchange(
                port: scene.port,
                "GET /sandbox/report HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )

            #expect(report.text.contains("\"posts\":[]"))
            scene.sandbox.advanceClock(by: .seconds(7200))
            #expect(await scene.ask(.creatorInfo).text.hasPrefix("HTTP/1.1 401 "))
            scene.sandbox.reset()
            #expect(scene.sandbox.journal().isEmpty)
        }
    }

    @Test func `a JSON body has a limit`() async throws {
        try await with { scene in
            let request = scene.request(.videoInit, String(repeating: " ", count: (1 << 20) + 1))

            #expect(
                await RawClient.exchange(port: scene.port, request).text.hasPrefix("HTTP/1.1 413 ")
            )
        }
    }
}
