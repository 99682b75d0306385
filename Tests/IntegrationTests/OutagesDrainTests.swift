import Foundation
import Postgres
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Workers that are told to stop: nothing is lost, and nothing waits for a lease to end.
@Suite(.timeLimit(.minutes(10)))
struct OutagesDrainTests {
    static let chunk = 5_242_880
    /// A lease longer than any test: a job that was not handed back would not come back.
    static let settings = [
        "CHUNK_BYTES": "\(chunk)", "LEASE_SECONDS": "300", "SHUTDOWN_GRACE_SECONDS": "60",
    ]

    /// What is sent to a worker, and where it is then.
    struct Stop: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let signals: [Signal]
        let endpoint: SandboxEndpoint
        let action: SandboxFault.Action
        var grace = "60"
    }

    static let stops = [
        Stop(
            testDescription: "TERM, after the step under way",
            signals: [.terminate],
            endpoint: .videoInit,
            action: .slow(bytesPerSecond: 80)
        ),
        Stop(
            testDescription: "INT, after the step under way",
            signals: [.interrupt],
            endpoint: .videoInit,
            action: .slow(bytesPerSecond: 80)
        ),
        Stop(
            testDescription: "TERM, at the end of the grace",
            signals: [.terminate],
            endpoint: .upload,
            action: .hangBefore,
            grace: "3"
        ),
        Stop(
            testDescription: "TERM twice, at once",
            signals: [.terminate, .terminate],
            endpoint: .upload,
            action: .hangBefore
        ),
    ]

    @Test(arguments: stops)
    func `a worker told to stop hands its job back`(by stop: Stop) async throws {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * Self.chunk)
            bed.sandbox.fault(stop.endpoint, stop.action, skip: stop.endpoint == .upload ? 2 : 0)
            let first = try bed.startWorker(
                "first",
                environment: ["SHUTDOWN_GRACE_SECONDS": stop.grace]
            )
            try await bed.push(bed.job("handed", account: "mira", video: video.name))
            try await bed.hits(of: stop.endpoint, worker: first)

            for (number, signal) in stop.signals.enumerated() {
                // Two signals of a kind that are both pending count as one.
                if number > 0 {
                    try await waitUntil("the drain") { first.err.contains("worker.drain") }
                }
                first.send(signal)
            }
            let end = try await first.waitForExit(limit: .seconds(40))
            let between = try await bed.row("handed")
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "handed", worker: second)

            #expect(end.exit == .exited(code: 0), "\(end)")
            #expect(between?.status == .uploading)
            #expect(row.publishID == between?.publishID)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            bed.expectPosted(row, video)
            #expect(row.attempt == 1)
            #expect(try await bed.events(of: "handed").contains("upload_resumed"))
            try await bed.expectDrains(second)
        }
    }

    /// Of each kind of outage one; the rest takes its time.
    static let blows = (Blow.ofRedis + Blow.ofPostgres).filter { blow in
        OutagesServersTests.isLong
            || ["killed", "frozen", "read-only", "a replica"].contains {
                blow.testDescription.contains($0)
            }
    }

    @Test func `a worker told to stop in an outage ends, and another ends its jobs`() async {
        await allAtOnce(Self.blows) { blow in try await Self.drain(during: blow) }
    }

    private static func drain(during blow: Blow) async throws {
        let settings = [
            "CHUNK_BYTES": "\(chunk)", "LEASE_SECONDS": "3", "SHUTDOWN_GRACE_SECONDS": "5",
        ]
        try await TestBed.run(settings, hasOwnServers: true) { bed in
            try await blow.prepare(bed)
            var scene = try await OutageScene(bed)
            try await blow.strike(bed)
            if blow.server == "postgres" { try await scene.pushOneMore() }
            try await scene.worker.awaitAway(blow.server)

            let end = try await scene.worker.drain()
            try await blow.mend(bed)
            scene.worker = try bed.startWorker("second")
            try await scene.pushLate()

            #expect(end.exit == .exited(code: 0), "\(blow.testDescription): \(end)")
            try await scene.expectAllUnharmed(andOneMore: blow.server == "postgres")
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `a worker told to stop while TikTok is away ends, and another ends its jobs`()
        async throws
    {
        try await TestBed.run(Self.settings) { bed in
            var scene = try await OutageScene(bed)
            bed.sandbox.fault(nil, .resetBefore, count: nil)
            try await waitUntil("an outage", state: { scene.worker.err }) {
                !scene.worker.lines(with: "server.away", "server=tiktok").isEmpty
            }

            let end = try await scene.worker.drain()
            bed.sandbox.clearFaults()
            scene.worker = try bed.startWorker("second")
            try await scene.pushLate()

            #expect(end.exit == .exited(code: 0), "\(end)")
            try await scene.expectAllPosted()
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `USR1 stops claiming and nothing else, USR2 says so`() async throws {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 100_000)
            let idle = try bed.startWorker("idle")
            try await waitUntil("a start", state: { idle.err }) {
                idle.err.contains("worker.start")
            }

            idle.send(.user1)
            try await waitUntil("a pause", state: { idle.err }) {
                idle.err.contains("worker.pause")
            }
            try await bed.push(bed.job("for-another", account: "mira", video: video.name))
            idle.send(.user2)
            try await waitUntil("the state", state: { idle.err }) {
                idle.err.contains("worker.state") && idle.err.contains("paused=true")
            }
            let busy = try bed.startWorker("busy")
            let row = try await bed.end(of: "for-another", worker: busy)

            bed.expectPosted(row, video)
            let workers = try await bed.database.query(
                "SELECT DISTINCT worker FROM publish_events WHERE job_id = 'for-another'"
            )
            #expect(try workers.map { try $0.text("worker") } == ["busy"])
            try await bed.expectDrains(idle)
            try await bed.expectDrains(busy)
        }
    }

    @Test func `two workers share a list and post each job once`() async throws {
        try await TestBed.run { bed in
            let accounts = (0..<20).map { "account-\($0)" }
            for account in accounts { try await bed.connect(account) }
            let video = try bed.video("shared.mp4", bytes: 300_000)
            let workers = try ["one", "two"].map { try bed.startWorker($0) }
            let jobs = (0..<40).map { "job-\($0)" }
            for (number, job) in jobs.enumerated() {
                try await bed.push(
                    bed.job(job, account: accounts[number % 20], video: video.name)
                )
            }

            let rows = try await bed.ends(of: jobs, worker: workers[0])

            for row in rows { bed.expectPosted(row, video) }
            #expect(bed.sandbox.report().posts.count == 40)
            for worker in workers { try await bed.expectDrains(worker) }
        }
    }
}
