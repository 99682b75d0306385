import EventLoop
import HTTP
import Synchronization

/// A scripted server and a client that talks to it.
struct HTTPFixture {
    let server: ScriptedHTTPServer
    let client: HTTPClient
    private let loop = EventLoop(name: "http-client")

    init(
        options: HTTPClientOptions = HTTPClientOptions(),
        _ script: @escaping ScriptedHTTPServer.Script
    ) throws {
        server = try ScriptedHTTPServer(script)
        client = HTTPClient(on: loop, options: options)
    }

    /// A request to the server, over plain HTTP.
    func request(
        _ method: String,
        _ path: String = "/",
        headers: HTTPHeaders = [:],
        body: HTTPBody = .none
    ) -> HTTPRequest {
        HTTPRequest(
            method,
            server.url(path),
            headers: headers,
            body: body,
            allowsPlainHTTP: true
        )
    }

    /// The error of a request that must fail.
    func failure(_ request: HTTPRequest) async -> HTTPError? {
        do {
            _ = try await client.send(request)
            return nil
        } catch {
            return error
        }
    }

    func stop() async {
        server.stop()
        await client.close()
        loop.stop()
    }

    /// Runs `body` with a server and a client, and closes both.
    static func run(
        options: HTTPClientOptions = HTTPClientOptions(),
        _ script: @escaping ScriptedHTTPServer.Script,
        _ body: (HTTPFixture) async throws -> Void
    ) async throws {
        let fixture = try HTTPFixture(options: options, script)
        do {
            try await body(fixture)
        } catch {
            await fixture.stop()
            throw error
        }
        await fixture.stop()
    }
}

/// Notes of a script for its test, in order.
final class Notes: Sendable {
    private let texts = Mutex<[String]>([])
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func add(_ text: String) {
        texts.withLock { $0.append(text) }
        continuation.yield(text)
    }

    var all: [String] { texts.withLock { $0 } }

    /// Waits for the next note.
    func next() async -> String? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }
}
