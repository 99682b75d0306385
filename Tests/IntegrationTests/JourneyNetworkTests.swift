import Foundation
import JSON
import Publishing
import Sandbox
import Support
import Testing

/// Networks between a worker and its servers that are slow, tear answers, or go dead without a
/// word: each job is posted exactly once.
@Suite(.timeLimit(.minutes(20)))
struct JourneyNetworkTests {
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
    static let settings = JourneyKind.settings.merging(["LEASE_SECONDS": "3"]) { $1 }

    /// A network and what it does to one request, if anything.
    struct Network: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var latency = Duration.zero
        var place: CrashPoint.Place?
    }

    static let slow = [
        Network(testDescription: "every answer is late", latency: .milliseconds(60))
    ]

    /// Within an answer: in its first byte's line, and in its middle.
    static let torn = [1, 20].flatMap { bytes in
        let tear = ProxyFault.Action.tearAnswer(afterBytes: bytes)
        return [
            Network(testDescription: "a torn admission \(bytes)", place: admission(tear)),
            Network(testDescription: "a torn row \(bytes)", place: CrashPoint.row(tear)),
            Network(
                testDescription: "a torn upload's record \(bytes)",
                place: CrashPoint.event("upload_agreed", tear)
            ),
            Network(
                testDescription: "a torn verdict's record \(bytes)",
                place: CrashPoint.event("published", tear)
            ),
            Network(
                testDescription: "a torn settlement \(bytes)",
                place: CrashPoint.script("done", tear)
            ),
        ]
    }

    /// Half-open connections: only a deadline tells.
    static let dead = [
        Network(testDescription: "a dead admission", place: admission(.goSilent)),
        Network(
            testDescription: "a dead chunk's record",
            place: CrashPoint.event("chunk_sent", .goSilent, skip: 1)
        ),
        Network(
            testDescription: "a dead verdict's record",
            place: CrashPoint.event("published", .goSilent)
        ),
        Network(testDescription: "a dead settlement", place: CrashPoint.script("done", .goSilent)),
    ]

    static let more = [
        Network(testDescription: "a dead row", place: CrashPoint.row(.goSilent)),
        Network(
            testDescription: "a dead upload's record",
            place: CrashPoint.event("upload_agreed", .goSilent)
        ),
        Network(
            testDescription: "a dead last chunk's record",
            place: CrashPoint.event("chunk_sent", .goSilent, skip: 3)
        ),
        Network(testDescription: "a dead wait", place: CrashPoint.script("park", .goSilent)),
        Network(testDescription: "every answer is very late", latency: .milliseconds(400)),
    ]

    @Test func `a bad network loses no post and doubles none`() async {
        let networks = Self.dead + Self.slow + Self.torn + (Self.isLong ? Self.more : [])
        await allAtOnce(networks) { network in try await Self.travel(over: network) }
    }

    private static func travel(over network: Network) async throws {
        try await TestBed.runBehindProxies(settings, latency: network.latency) { bed, proxies in
            let video = try JourneyKind.five.video(in: bed)
            try await bed.connect(CrashPoint.job)
            let fault: ProxyFault? =
                switch network.place {
                case .redis(let action, let skip, let concerns):
                    proxies.redis.plan(action, skip: skip, when: concerns)
                case .postgres(let action, let skip, let concerns):
                    proxies.postgres.plan(action, skip: skip, when: concerns)
                case .tiktok, nil: nil
                }
            let worker = try bed.startWorker(environment: proxies.environment)
            try await bed.push(
                bed.job(CrashPoint.job, account: CrashPoint.job, video: video.name)
            )

            let row = try await bed.end(of: CrashPoint.job, worker: worker)

            try await JourneyKind.five.expectOut(row, video, in: bed)
            #expect(row.attempt == 1, "\(network.testDescription): \(row.json.encodedText)")
            try await fault?.happens { worker.err }
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    private static func admission(_ action: ProxyFault.Action) -> CrashPoint.Place {
        CrashPoint.script(CrashPoint.job, action)
    }

    @Test func `a heartbeat that goes dead loses no lease`() async throws {
        let settings = ["LEASE_SECONDS": "9"]
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 200_000)
            // The turn takes longer than a lease.
            bed.sandbox.fault(.creatorInfo, .slow(bytesPerSecond: 30))
            // A renewal names the worker, and says what it has in hand.
            let beat = proxies.redis.plan(.goSilent) {
                $0.asks("EVALSHA") && $0.asks("\r\nworker\r\n") && $0.asks("\"beats\"")
            }
            let worker = try bed.startWorker(environment: proxies.environment)
            try await bed.push(bed.job("beats", account: "mira", video: video.name))

            try await beat.happens { worker.err }
            let row = try await bed.end(of: "beats", worker: worker)

            bed.expectPosted(row, video)
            #expect(!worker.err.contains("job.left"), "\(worker.err)")
            #expect(bed.calls(of: "mira").count { $0 == .creatorInfo } == 1)
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }
}
