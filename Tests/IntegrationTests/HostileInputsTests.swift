import EventLoop
import Files
import Foundation
import Glibc
import HTTP
import JSON
import PrivateServers
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Synchronization
import Testing

/// Everything hostile at once, through the program as it runs: each refused with its own reason,
/// and nothing read, sent or told that should not be.
@Suite(.timeLimit(.minutes(10)))
struct HostileInputsTests {
    @Test func `every hostile input is refused with its own reason, and nothing gets out`()
        async throws
    {
        #expect(HostileInput.all.count >= 60)
        #expect(Set(HostileInput.all.map(\.name)).count == HostileInput.all.count)
        // What is refused before its init has its place in the minute all the same.
        let limits = [
            "INIT_PER_MINUTE": "100000", "CREATOR_INFO_PER_MINUTE": "100000",
            "ACCOUNT_CONCURRENCY": "100", "DAILY_POST_LIMIT": "1000",
        ]
        try await TestBed.run(limits) { bed in
            let scene = try await HostileScene(bed)
            let workers = try scene.startWorkers()

            for input in HostileInput.all { try await scene.push(input) }
            try await waitUntil("dead letters", state: { "\(workers.map(\.err))" }) {
                let dead = try await bed.redis.send(["ZCARD", .text(bed.key("dead"))])
                return dead.integer ?? 0 >= Int64(HostileInput.all.count)
            }

            try await scene.expectRows()
            try await scene.expectLetters()
            scene.expectSilence(workers)
            for worker in workers { try await bed.expectDrains(worker) }
            await scene.close()
        }
    }

    @Test func `documents that were refused leave a worker that still posts`() async throws {
        try await TestBed.run(["CONCURRENCY": "2"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("good.mp4", bytes: 100_000)
            let worker = try bed.startWorker()

            for input in HostileInput.documents { try await bed.push(bytes: [input.document]) }
            try await bed.push(bed.job("after", account: "mira", video: video.name))

            bed.expectPosted(try await bed.end(of: "after", worker: worker), video)
            try await bed.expectDrains(worker)
        }
    }
}

/// A media folder with traps in it, and servers that misbehave.
struct HostileScene {
    private let bed: TestBed
    private let files: MediaHost
    private let odd: HTTPServer
    private let oddAddress: String
    private let loop: EventLoop
    private let insideAsked: InsideAsked

    /// How often the place was asked for that a redirect led to.
    private final class InsideAsked: Sendable {
        let count = Mutex(0)
    }

    private static let canary = "CANARY-CONTENT-9f31"

    init(_ bed: TestBed) async throws {
        self.bed = bed
        try await bed.connect("mira")
        _ = try bed.video("good.mp4", bytes: 100_000)
        try Self.furnish(bed)
        let loop = EventLoop(name: "hostile")
        let asked = InsideAsked()
        files = try await MediaHost.start(serving: bed.media, on: loop)
        let server = HTTPServer(on: loop) { request in
            if request.path == "/inside" { asked.count.withLock { $0 += 1 } }
            return Self.answer(request.path)
        }
        oddAddress = "http://127.0.0.1:\(try await server.listen(host: "127.0.0.1", port: 0))/"
        (odd, insideAsked, self.loop) = (server, asked, loop)
    }

    func close() async {
        await odd.stop()
        await files.stop()
        loop.stop()
    }

    private static func answer(_ path: String) -> HTTPServerResponse {
        switch path {
        case "/redirect": HTTPServerResponse(status: 302, headers: ["Location": "/inside"])
        case "/forbidden": HTTPServerResponse(status: 403, text: canary)
        case "/encoded":
            HTTPServerResponse(status: 200, headers: ["Content-Encoding": "gzip"], body: [31, 139])
        default: HTTPServerResponse(status: 200, body: SamplePhoto.jpeg)
        }
    }

    private static func furnish(_ bed: TestBed) throws {
        let path = bed.folder + "/canary.mp4"
        try WholeFile.write(TestMovie().file() + Array(canary.utf8), to: path)
        try FileManager.default.createDirectory(
            atPath: bed.media + "/folder",
            withIntermediateDirectories: false
        )
        let links = [
            "out.mp4": "../canary.mp4", "absolute.mp4": bed.media + "/good.mp4", "away": "/etc",
            "process": "/proc", "null.mp4": "/dev/null", "round.mp4": "round.mp4",
        ]
        for (name, target) in links { #expect(symlink(target, "\(bed.media)/\(name)") == 0) }
        #expect(mkfifo(bed.media + "/pipe.mp4", 0o600) == 0)
        #expect(mknod(bed.media + "/socket.mp4", S_IFSOCK | 0o600, 0) == 0)
        for file in HostileInput.files {
            try WholeFile.write(file.bytes, to: "\(bed.media)/\(file.name)")
            guard let size = file.size else { continue }
            let handle = try FileHandle(forWritingTo: URL(filePath: "\(bed.media)/\(file.name)"))
            try handle.truncate(atOffset: size)
            try handle.close()
        }
    }

    // MARK: Acting

    private var listingQueue: String { bed.queue + "-listing" }

    func startWorkers() throws -> [RunningProgram] {
        [
            try bed.startWorker("usual"),
            try bed.startWorker(
                "listing",
                environment: [
                    "QUEUES": listingQueue, "MEDIA_HOSTS": "127.0.0.1",
                    "MEDIA_URL_PREFIX": files.url,
                ]
            ),
        ]
    }

    func push(_ input: HostileInput) async throws {
        guard input.isForListingWorker else { return try await bed.push(bytes: [input.document]) }
        let text = String(decoding: input.document, as: UTF8.self)
            .replacing("FILES", with: files.url).replacing("ODD", with: oddAddress)
        try await bed.push(bytes: [Array(text.utf8)], onto: listingQueue)
    }

    // MARK: Judging

    /// Every input whose id can be read has a row that says why.
    func expectRows() async throws {
        let rows = try await bed.reader.rows()
        let byJob = Dictionary(rows.map { ($0.job, $0) }) { first, _ in first }
        let named = HostileInput.all.filter(\.hasRow)
        #expect(rows.count == named.count)
        for input in named {
            guard let row = byJob[HostileInput.id(input.name)] else {
                Issue.record("\(input.name) has no row")
                continue
            }
            #expect(row.errorCode == input.code, "\(input.name): \(row.json.encodedText)")
            let message = row.errorMessage ?? ""
            #expect(message.contains(input.says), "\(input.name): \(message)")
            #expect(row.status == (input.code == "document_invalid" ? .rejected : .failed))
            #expect(row.errorOwner == "upstream" && row.errorAction?.isEmpty == false)
            #expect(row.publishID == nil && row.attempt == 1, "\(input.name)")
        }
    }

    /// The letters tell of the others, and nothing in the table acts on a terminal.
    func expectLetters() async throws {
        let letters = try await bed.json("dead", "list", "--limit", "1000")
        #expect(letters.count == HostileInput.all.count)
        var nameless = letters.filter { $0["job"] == .null }
        // What says more of a message is looked for first.
        let unnamed = HostileInput.all.filter { !$0.hasRow }
            .sorted { $0.says.count > $1.says.count }
        for input in unnamed {
            let place = nameless.firstIndex { letter in
                letter["error_message"]?.string?.contains(input.says) == true
                    && letter["code"]?.string == input.code
                    && letter["error_action"]?.string?.isEmpty == false
            }
            #expect(place != nil, "\(input.name): \(input.says)")
            if let place { nameless.remove(at: place) }
        }
        #expect(nameless.isEmpty, "\(nameless)")
        for arguments in [["dead", "list", "--limit", "1000"], ["history"]] {
            let text = try await bed.start(arguments).waitForExit().description
            #expect(!text.unicodeScalars.contains(where: Self.actsOnTerminals), "\(arguments)")
            #expect(!text.contains(Self.canary))
        }
    }

    private static func actsOnTerminals(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format: scalar != "\n"
        default: false
        }
    }

    /// TikTok was asked for nothing, redirects were not followed, and the log names nobody.
    func expectSilence(_ workers: [RunningProgram]) {
        #expect(bed.sandbox.report().requests.isEmpty)
        #expect(bed.sandbox.report().posts.isEmpty)
        #expect(insideAsked.count.withLock { $0 } == 0)
        let secrets = [
            Self.canary, "CANARY-CAPTION", "root:x:", "etc/passwd", "canary.mp4", "good.mp4",
            "169.254", "host.example", "FLUSHALL", "DROP TABLE", "mira", "\u{1B}", "\u{202E}",
        ]
        for worker in workers {
            #expect(worker.isRunning, "\(worker.err)")
            for secret in secrets { #expect(!worker.err.contains(secret), "\(secret)") }
            // Whoever reads it can follow each job.
            let turns = worker.lines(with: "job.turn", "code=").count
            #expect(turns > 0)
        }
    }
}
