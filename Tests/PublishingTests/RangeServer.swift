import EventLoop
import Foundation
import HTTP
import Synchronization

@testable import Publishing

/// One request for a range, as a test's script sees it.
struct RangeQuestion: Sendable {
    /// From 1.
    let number: Int
    let range: Range<Int64>
    let target: String
    let headers: HTTPHeaders

    /// What a good server answers, of a file of so many bytes.
    func reply(of total: Int64, tag: String? = "\"one\"") -> HTTPServerResponse {
        reply(of: total, tag: tag) { RangeServer.bytes($0) }
    }

    func reply(of file: [UInt8]) -> HTTPServerResponse {
        reply(of: Int64(file.count), tag: "\"one\"") {
            Array(file[Int($0.lowerBound)..<Int($0.upperBound)])
        }
    }

    private func reply(
        of total: Int64,
        tag: String?,
        _ bytes: (Range<Int64>) -> [UInt8]
    ) -> HTTPServerResponse {
        let range = range.clamped(to: 0..<total)
        var headers: HTTPHeaders = [
            "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)"
        ]
        if let tag { headers.add("ETag", tag) }
        return HTTPServerResponse(status: 206, headers: headers, body: bytes(range))
    }
}

/// This project's own HTTP server on the loopback address, serving one file as a script says.
struct RangeServer {
    let client: GuardedClient
    let allowed: AllowedHosts
    let origin: String
    fileprivate let seen: Seen

    /// All requests so far.
    var questions: [RangeQuestion] { seen.all.withLock { $0 } }

    func url(_ path: String = "/a.mp4") throws -> GuardedURL {
        try GuardedURL(origin + path, allowed: allowed)
    }

    /// What stands at these places of a file that is made up.
    static func bytes(_ range: Range<Int64>) -> [UInt8] {
        range.map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    }

    /// Limits that make no test wait long for a failure.
    static let limits: RemoteLimits = {
        var limits = RemoteLimits()
        limits.tries = 3
        limits.firstPause = .milliseconds(2)
        return limits
    }()

    static func run(
        _ script: @escaping @Sendable (RangeQuestion) -> HTTPServerResponse,
        _ body: (RangeServer) async throws -> Void
    ) async throws {
        let loop = EventLoop(name: "range-server")
        let seen = Seen()
        let server = HTTPServer(on: loop) { script(seen.question(of: $0)) }
        let client = HTTPClient(on: loop)
        let port = try await server.listen(host: "127.0.0.1", port: 0)
        let scene = RangeServer(
            client: GuardedClient(client, resolver: NameResolver()),
            allowed: try AllowedHosts(["127.0.0.1"]),
            origin: "http://127.0.0.1:\(port)",
            seen: seen
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(scene))
        } catch {
            result = .failure(error)
        }
        await client.close()
        await server.stop()
        loop.stop()
        try result.get()
    }
}

private final class Seen: Sendable {
    let all = Mutex<[RangeQuestion]>([])

    func question(of request: HTTPServerRequest) -> RangeQuestion {
        let ends = (request.headers["Range"] ?? "").dropFirst("bytes=".count)
            .split(separator: "-").compactMap { Int64($0) }
        return all.withLock { all in
            let question = RangeQuestion(
                number: all.count + 1,
                range: ends.count == 2 ? ends[0]..<ends[1] + 1 : 0..<0,
                target: request.target,
                headers: request.headers
            )
            all.append(question)
            return question
        }
    }
}

extension HTTPServerResponse {
    func delivered(_ delivery: Delivery) -> HTTPServerResponse {
        var reply = self
        reply.delivery = delivery
        return reply
    }

    static func part(_ range: String, _ count: Int) -> HTTPServerResponse {
        HTTPServerResponse(
            status: 206,
            headers: ["Content-Range": range, "ETag": "\"one\""],
            body: [UInt8](repeating: 0, count: count)
        )
    }
}

extension GuardedClient {
    /// For media that are files.
    static let unused = GuardedClient(
        HTTPClient(on: EventLoop(name: "unused")),
        resolver: NameResolver()
    )
}
