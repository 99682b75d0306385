import Foundation
import HTTP
import Synchronization
import Testing

@testable import Publishing

/// Reading a file by ranges from a server that may do anything.
struct RemoteFileTests {
    typealias Script = @Sendable (RangeQuestion) -> HTTPServerResponse

    /// What comes of opening a file, and of reading its bytes from 100,000 to 300,000.
    private func failure(
        limits: RemoteLimits = RangeServer.limits,
        requests: Int? = nil,
        _ script: @escaping Script
    ) async throws -> (failure: Failure, mayPass: Bool)? {
        var outcome: (Failure, Bool)?
        try await RangeServer.run(script) { server in
            let url = try server.url()
            do throws(Stop) {
                let file = try await RemoteFile(
                    opening: url,
                    through: server.client,
                    limits: limits
                )
                _ = try await file.read(at: 100_000, count: 200_000)
            } catch {
                switch error {
                case .refused(let failure): outcome = (failure, false)
                case .failed(let failure): outcome = (failure, true)
                default: Issue.record(error)
                }
            }
            if let requests { #expect(server.questions.count == requests) }
        }
        return outcome
    }

    /// A server that opens well, and then answers so.
    private func later(_ answer: @escaping Script) -> Script {
        { $0.number == 1 ? $0.reply(of: 1_000_000) : answer($0) }
    }

    @Test func `a file is read piece by piece, held to its tag`() async throws {
        try await RangeServer.run({ $0.reply(of: 1_000_000) }) { server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)

            #expect(file.size == 1_000_000)
            for range: Range<Int64> in [
                0..<10, 65_000..<65_536, 65_530..<65_540, 999_999..<1_000_000,
            ] {
                let bytes = try await file.read(at: range.lowerBound, count: range.count)
                #expect(bytes == RangeServer.bytes(range))
            }
            // What came with the opening is not asked for again.
            #expect(
                server.questions.map(\.range) == [0..<65_536, 65_530..<65_540, 999_999..<1_000_000]
            )
            #expect(server.questions.map { $0.headers["If-Match"] } == [nil, "\"one\"", "\"one\""])
            #expect(server.questions.allSatisfy { $0.headers["Accept-Encoding"] == "identity" })
            #expect(server.questions.allSatisfy { $0.headers["Authorization"] == nil })
        }
    }

    @Test func `a read beyond the end is shorter`() async throws {
        try await RangeServer.run({ $0.reply(of: 100) }) { server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)

            #expect(try await file.read(at: 90, count: 50) == RangeServer.bytes(90..<100))
            #expect(try await file.read(at: 100, count: 50) == [])
        }
    }

    @Test func `a server without ranges serves small files only`() async throws {
        let whole: @Sendable (Int64) -> Script = { size in
            { _ in HTTPServerResponse(status: 200, body: RangeServer.bytes(0..<size)) }
        }
        try await RangeServer.run(whole(1000)) { server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)
            #expect(try await file.read(at: 500, count: 500) == RangeServer.bytes(500..<1000))
        }

        let refusal = try await failure(requests: 1, whole(65_537))

        #expect(refusal?.failure.code == "media_url_without_ranges" && refusal?.mayPass == false)
        #expect(
            try await failure { _ in HTTPServerResponse(status: 200) }?.failure.code
                == "media_empty"
        )
    }

    @Test func `a file that changes midway is noticed`() async throws {
        let changed = [
            later { $0.reply(of: 1_000_000, tag: "\"two\"") },
            later { $0.reply(of: 1_000_000, tag: "W/\"two\"") },
            later { $0.reply(of: 1_000_000, tag: nil) },
            later { $0.reply(of: 1_000_001) },
            later { $0.reply(of: 999_999) },
            later { _ in HTTPServerResponse(status: 412) },
            later { _ in HTTPServerResponse(status: 416, headers: ["Content-Range": "bytes */10"])
            },
            later { _ in HTTPServerResponse(status: 200, body: [1, 2, 3]) },
        ]
        for script in changed {
            let refusal = try await failure(requests: 2, script)
            #expect(refusal?.failure.code == "media_changed" && refusal?.mayPass == false)
        }
    }

    @Test func `without a tag the date counts, and without both the length`() async throws {
        let dated: @Sendable (RangeQuestion, String) -> HTTPServerResponse = { question, date in
            var reply = question.reply(of: 1_000_000, tag: nil)
            reply.headers.add("Last-Modified", date)
            return reply
        }
        let monday = "Mon, 02 Nov 2026 08:49:37 GMT"
        let changed = try await failure {
            dated($0, $0.number == 1 ? monday : "Tue, 03 Nov 2026 08:49:37 GMT")
        }

        #expect(changed?.failure.code == "media_changed")
        #expect(try await failure { dated($0, monday) } == nil)
        #expect(try await failure { $0.reply(of: 1_000_000, tag: nil) } == nil)
        try await RangeServer.run({ dated($0, monday) }) { server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)
            _ = try await file.read(at: 500_000, count: 1)
            #expect(server.questions.last?.headers["If-Unmodified-Since"] == monday)
        }
    }

    @Test func `trouble that passes is tried again within the read`() async throws {
        let troubles: [Script] = [
            { _ in HTTPServerResponse(status: 200, delivery: .reset) },
            { $0.reply(of: 1_000_000).delivered(.truncated(after: 1000)) },
            { _ in HTTPServerResponse(status: 500) },
            { _ in HTTPServerResponse(status: 503, headers: ["Retry-After": "1"]) },
            { _ in HTTPServerResponse(status: 429) },
            { _ in HTTPServerResponse(status: 206, body: [1]) },
            { _ in .part("bytes 5-9/1000000", 5) },
            { _ in .part("bytes 100000-299999/*", 200_000) },
            { _ in .part("bytes 100000-299999/1000000", 199_999) },
            { _ in .part("bytes 100000-999999/1000000", 200_001) },
        ]
        for trouble in troubles {
            let script = later { $0.number == 4 ? $0.reply(of: 1_000_000) : trouble($0) }
            #expect(try await failure(script) == nil)

            let lasting = try await failure(later(trouble))
            #expect(lasting?.failure.code == "media_host_away" && lasting?.mayPass == true)
        }
    }

    @Test func `a server that asks for a long wait is not asked again at once`() async throws {
        let away = try await failure(requests: 1) { _ in
            HTTPServerResponse(status: 503, headers: ["Retry-After": "120"])
        }

        #expect(away?.mayPass == true && away?.failure.retryAfter == .seconds(120))
    }

    @Test func `a trickle is given up`() async throws {
        var limits = RangeServer.limits
        limits.firstResponseByte = .milliseconds(300)
        limits.slowestBytesPerSecond = 10_000_000

        let slow = try await failure(
            limits: limits,
            later {
                $0.reply(of: 1_000_000).delivered(.slowly(bytesPerSecond: 10))
            }
        )
        let silent = try await failure(limits: limits) { _ in
            HTTPServerResponse(status: 200, delivery: .hang)
        }

        #expect(slow?.failure.message.contains("too slow") == true && slow?.mayPass == true)
        #expect(silent?.failure.message.contains("too slow") == true && silent?.mayPass == true)
    }

    struct Refusal: Sendable {
        let status: Int
        var headers: HTTPHeaders = [:]
        let code: String
    }

    @Test(arguments: [
        Refusal(
            status: 301,
            headers: ["Location": "http://127.0.0.1:1/"],
            code: "media_url_redirects"
        ),
        Refusal(
            status: 302,
            headers: ["Location": "http://10.0.0.1/"],
            code: "media_url_redirects"
        ),
        Refusal(status: 304, code: "media_url_redirects"),
        Refusal(status: 307, headers: ["Location": "/b"], code: "media_url_redirects"),
        Refusal(status: 401, code: "media_url_unavailable"),
        Refusal(status: 403, code: "media_url_unavailable"),
        Refusal(status: 404, code: "media_url_unavailable"),
        Refusal(status: 410, code: "media_url_unavailable"),
        Refusal(status: 204, code: "media_url_unavailable"),
        Refusal(status: 416, headers: ["Content-Range": "bytes */0"], code: "media_empty"),
        Refusal(status: 416, code: "media_url_without_ranges"),
        Refusal(status: 200, headers: ["Content-Encoding": "gzip"], code: "media_url_encoded"),
        Refusal(
            status: 206,
            headers: ["Content-Encoding": "br", "Content-Range": "bytes 0-0/1"],
            code: "media_url_encoded"
        ),
    ])
    func `an answer that will not change is refused at once`(row: Refusal) async throws {
        let refusal = try await failure(requests: 1) { _ in
            HTTPServerResponse(status: row.status, headers: row.headers, body: [1])
        }

        #expect(refusal?.failure.code == row.code && refusal?.mayPass == false)
        #expect(refusal?.failure.message.contains("127.0.0.1") == false)
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-9", "bytes 0-9/", "bytes 0-9/*", "bytes */10", "bytes 9-0/10",
        "bytes 0-10/10", "bytes -1-9/10", "bytes 0-9/+10", "octets 0-9/10", "bytes  0-9/10",
        "bytes 0-9/10 ", "bytes 0-9-10/20", "bytes 0-9/9999999999999999999", "bytes 0x0-9/10",
    ])
    func `a content range is read strictly`(text: String) {
        #expect(ContentRange(text) == nil)
        #expect(ContentRange("Bytes 0-9/10")?.bytes == 0..<10)
    }

    @Test func `a gigabyte streams through with under 64 MB of memory`() async throws {
        let total: Int64 = 1 << 30
        let piece = [UInt8](repeating: 7, count: 4 << 20)
        try await RangeServer.run({ question in
            let range = question.range
            return HTTPServerResponse(
                status: 206,
                headers: [
                    "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)"
                ],
                body: range.count == piece.count ? piece : Array(piece.prefix(range.count))
            )
        }) { server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)
            let ahead = ReadAhead(file)
            let before = try Self.residentBytes()
            var most = before
            var offset: Int64 = 0
            while offset < total {
                offset += Int64(try await ahead.read(at: offset, count: 512 * 1024).count)
                most = max(most, try Self.residentBytes())
            }

            #expect(offset == total)
            // The server's own copies are counted too.
            #expect(most - before < 64_000_000)
        }
    }

    /// What this process has in memory.
    private static func residentBytes() throws -> Int {
        let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
            separator: " "
        )
        return try #require(Int(words[1])) * 4096
    }

    @Test func `a cancelled read stops`() async throws {
        try await RangeServer.run(later { _ in HTTPServerResponse(status: 200, delivery: .hang) }) {
            server in
            let file = try await RemoteFile(opening: server.url(), through: server.client)
            let reading = Task { () -> Bool in
                do throws(Stop) {
                    _ = try await file.read(at: 500_000, count: 10)
                    return false
                } catch {
                    guard case .lost = error else { return false }
                    return true
                }
            }
            while server.questions.count < 2 { await Task.yield() }
            reading.cancel()

            #expect(await reading.value)
        }
    }
}
