import Crypto
import HTTP
import JSON
import Testing

@testable import Sandbox

struct UploadTests {
    static let size: Int64 = 12_000_000
    static let chunk: Int64 = 5_300_000

    @Test func `chunks in order become the file, whose digest is that of all bytes`() throws {
        var world = World()
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)

        let first = world.put(upload, 0...5_299_999, byte: 1)
        #expect(first.status == 206)
        #expect(first.headers["Content-Range"] == "bytes 0-5300000/12000000")
        #expect(world.status(upload.publishID).data["uploaded_bytes"] == 5_300_000)
        #expect(world.status(upload.publishID).data["status"] == "PROCESSING_UPLOAD")
        let last = world.put(upload, 5_300_000...11_999_999, byte: 2)
        #expect(last.status == 201)
        #expect(last.headers["Content-Range"] == "bytes 0-12000000/12000000")

        let bytes =
            [UInt8](repeating: 1, count: 5_300_000) + [UInt8](repeating: 2, count: 6_700_000)
        let post = try #require(world.state.report(at: world.now).posts.first)
        #expect(post.sha256 == SHA256.hex(bytes))
        #expect(post.bytes == Self.size)
        #expect(world.violations == [])
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let status: Int
        let text: String
        let isViolation: Bool
        let change: @Sendable (inout SandboxRequest) -> Void
        var testDescription: String { name }

        init(
            _ name: String,
            _ status: Int,
            _ text: String,
            isViolation: Bool = true,
            _ change: @escaping @Sendable (inout SandboxRequest) -> Void
        ) {
            self.name = name
            self.status = status
            self.text = text
            self.isViolation = isViolation
            self.change = change
        }
    }

    static func range(_ name: String, _ value: String, _ text: String, _ status: Int = 400)
        -> Broken
    {
        Broken(name, status, text) {
            $0.headers = ["Content-Type": "video/mp4", "Content-Range": value]
        }
    }

    static let malformed = "Content-Range is missing or malformed"

    static let broken: [Broken] = [
        Broken("method", 405, "only PUT is supported here") { $0.method = "POST" },
        Broken("no type", 400, "Content-Type is not that of a video") {
            $0.headers = ["Content-Range": "bytes 0-5299999/12000000"]
        },
        Broken("wrong type", 400, "Content-Type is not that of a video") {
            $0.headers = [
                "Content-Type": "application/octet-stream",
                "Content-Range": "bytes 0-5299999/12000000",
            ]
        },
        Broken("no length", 400, "Content-Length is required") { $0.contentLength = nil },
        Broken("short length", 400, "Content-Length is not that of the range") {
            $0.contentLength = 5_299_999
        },
        Broken("no range", 400, malformed) { $0.headers = ["Content-Type": "video/mp4"] },
        range("no unit", "0-5299999/12000000", malformed),
        range("backwards", "bytes 5299999-0/12000000", malformed),
        range("beyond", "bytes 0-12000000/12000000", malformed),
        range("sign", "bytes +0-5299999/12000000", malformed),
        range("star", "bytes 0-5299999/*", malformed),
        range("empty", "bytes -5299999/12000000", malformed),
        range("two", "bytes 0-1-2/12000000", malformed),
        range("huge", "bytes 0-99999999999999999999/99999999999999999999", malformed),
        range("other total", "bytes 0-5299999/12000001", "Content-Range has another total"),
        Broken("not the plan", 400, "the range is not a chunk of the plan") {
            $0.headers = ["Content-Type": "video/mp4", "Content-Range": "bytes 0-99/12000000"]
            $0.contentLength = 100
        },
        Broken("short body", 400, "the body is shorter than Content-Length", isViolation: false) {
            $0.body.removeLast()
        },
        Broken("unknown upload", 404, "no such upload task", isViolation: false) {
            $0.query[0].1 = "1"
        },
        Broken("wrong token", 404, "no such upload task", isViolation: false) {
            $0.query[1].1 = "1"
        },
        Broken("no query", 404, "no such upload task", isViolation: false) { $0.query = [] },
    ]

    @Test(arguments: broken)
    func `a PUT that breaks one rule is refused and stores nothing`(rule: Broken) throws {
        var world = World()
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)

        let answer = world.put(upload, 0...5_299_999, rule.change)

        #expect(answer.status == rule.status)
        #expect(answer.body == Array(rule.text.utf8))
        #expect(world.violations.count == (rule.isViolation ? 1 : 0))
        #expect(world.status(upload.publishID).data["uploaded_bytes"] == 0)
        #expect(world.put(upload, 0...5_299_999).status == 206)
    }

    @Test func `a chunk out of order or sent again is told the progress`() throws {
        var world = World()
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)

        let early = world.put(upload, 5_300_000...11_999_999)
        #expect(early.status == 416)
        #expect(early.headers["Content-Range"] == "bytes 0-0/12000000")
        #expect(world.violations == ["upload: a chunk out of order"])
        #expect(world.put(upload, 0...5_299_999).status == 206)
        let again = world.put(upload, 0...5_299_999)
        #expect(again.status == 416)
        #expect(again.headers["Content-Range"] == "bytes 0-5300000/12000000")
        #expect(world.put(upload, 5_300_000...11_999_999).status == 201)
        let late = world.put(upload, 5_300_000...11_999_999)
        #expect(late.status == 416)
        #expect(late.headers["Content-Range"] == "bytes 0-12000000/12000000")
        #expect(world.violations.last == "upload: a chunk after the last one")
    }

    @Test func `the other readings of replay and progress can be chosen`() throws {
        var world = World {
            $0.acceptsReplayedChunks = true
            $0.progressNamesLastByte = true
        }
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)

        let early = world.put(upload, 5_300_000...11_999_999)
        #expect(early.headers["Content-Range"] == "bytes */12000000")
        let first = world.put(upload, 0...5_299_999)
        #expect(first.headers["Content-Range"] == "bytes 0-5299999/12000000")
        #expect(world.put(upload, 0...5_299_999).status == 206)
    }

    @Test func `an address dies after an hour, also in the middle of a chunk`() throws {
        var world = World()
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)
        world.now += 3_599_999
        #expect(world.put(upload, 0...5_299_999).status == 206)
        let request = SandboxRequest(
            "PUT",
            "/video/",
            query: upload.query,
            headers: [
                "Content-Type": "video/mp4", "Content-Range": "bytes 5300000-11999999/12000000",
            ],
            contentLength: 6_700_000
        )
        guard case .receive(var reception) = world.state.beginChunk(request, at: world.now) else {
            Issue.record("the chunk was refused")
            return
        }
        reception.take([UInt8](repeating: 7, count: 6_700_000))

        world.now += 1

        #expect(world.state.endChunk(reception, at: world.now).status == 403)
        #expect(world.put(upload, 5_300_000...11_999_999).status == 403)
    }

    @Test func `a broken chunk leaves no trace, and its repetition completes the digest`() throws {
        var world = World()
        let upload = try world.begin(size: 1000, chunk: 1000)
        let request = SandboxRequest(
            "PUT",
            "/video/",
            query: upload.query,
            headers: ["Content-Type": "video/webm", "Content-Range": "bytes 0-999/1000"],
            contentLength: 1000
        )
        guard case .receive(var broken) = world.state.beginChunk(request, at: world.now) else {
            Issue.record("the chunk was refused")
            return
        }
        broken.take([UInt8](repeating: 7, count: 600))
        world.state.abandonChunk(broken, at: world.now)
        #expect(world.status(upload.publishID).data["uploaded_bytes"] == 0)

        #expect(world.put(upload, 0...999).status == 201)

        // The older connection comes to life again: it no longer counts.
        broken.take([UInt8](repeating: 7, count: 400))
        #expect(world.state.endChunk(broken, at: world.now).status == 416)
        let post = try #require(world.state.report(at: world.now).posts.first)
        #expect(post.sha256 == SHA256.hex([UInt8](repeating: 7, count: 1000)))
    }

    @Test func `other bytes in a repeated chunk mark the file`() throws {
        var world = World()
        let upload = try world.begin(size: 10_000, chunk: 10_000)
        #expect(world.put(upload, 0...9999) { $0.body.removeLast(500) }.status == 400)

        #expect(world.put(upload, 0...9999) { $0.body[4096] = 0 }.status == 201)

        #expect(world.state.report(at: world.now).posts.first?.sha256 == "mixed")
        #expect(world.violations == ["upload: a chunk was sent again with other bytes"])
    }

    @Test func `a replaced attempt that wakes up during a later chunk changes nothing`() throws {
        var world = World()
        let upload = try world.begin(size: Self.size, chunk: Self.chunk)
        let request = SandboxRequest(
            "PUT",
            "/video/",
            query: upload.query,
            headers: [
                "Content-Type": "video/mp4", "Content-Range": "bytes 0-5299999/12000000",
            ],
            contentLength: 5_300_000
        )
        guard case .receive(var stopped) = world.state.beginChunk(request, at: world.now) else {
            Issue.record("the chunk was refused")
            return
        }
        stopped.take([UInt8](repeating: 7, count: 1_000_000))
        #expect(world.put(upload, 0...5_299_999).status == 206)
        #expect(world.put(upload, 5_300_000...11_999_999) { $0.body = [7] }.status == 400)

        stopped.take([UInt8](repeating: 9, count: 4_300_000))
        #expect(world.state.endChunk(stopped, at: world.now).status == 416)
        #expect(world.put(upload, 5_300_000...11_999_999).status == 201)

        let post = try #require(world.state.report(at: world.now).posts.first)
        #expect(post.sha256 == SHA256.hex([UInt8](repeating: 7, count: 12_000_000)))
    }

    @Test func `an access token has no business at an upload address`() throws {
        var world = World()
        let upload = try world.begin(size: 10, chunk: 10)

        let answer = world.put(upload, 0...9) { $0.headers.add("Authorization", "Bearer act.x") }

        #expect(answer.status == 201)
        #expect(world.violations == ["upload: the access token was sent to an upload address"])
    }

    @Test(
        arguments: [
            ([0, 0, 0, 24] + Array("ftypisom".utf8), "PUBLISH_COMPLETE"),
            ([0x1A, 0x45, 0xDF, 0xA3, 0, 0, 0, 0, 0, 0, 0, 0], "PUBLISH_COMPLETE"),
            (Array("GIF89a......".utf8), "FAILED"),
        ] as [([UInt8], String)]
    )
    func `the format can be checked by its first bytes`(bytes: [UInt8], status: String) throws {
        var world = World { $0.checksFileFormat = true }
        let upload = try world.begin(size: 12, chunk: 12)
        #expect(world.put(upload, 0...11) { $0.body = bytes }.status == 201)

        world.wait(seconds: 1)

        #expect(world.status(upload.publishID).data["status"] == .string(status))
    }
}
