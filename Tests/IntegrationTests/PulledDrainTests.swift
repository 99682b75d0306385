import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Workers that are told to stop around an init that posts by itself: nothing comes into doubt, and
/// nothing is posted twice.
@Suite(.timeLimit(.minutes(10)))
struct PulledDrainTests {
    @Test func `an init that was noted and not sent is taken back when its turn is cut off`() async
    {
        await allAtOnce([PulledKind.photo, .pullDraft]) { try await Self.cutOff($0) }
    }

    private static func cutOff(_ kind: PulledKind) async throws {
        // Time enough to note it after the cut, when PostgreSQL has not answered for two seconds.
        try await Self.run(kind, grace: 15) { bed, proxies, changes in
            let point = CrashPoint("the intent", CrashPoint.event("init_started", .holdAnswer))
            let unused = try bed.video("unused.mp4", bytes: 100)
            let scene = try await bed.stand(at: point, proxies, video: unused, changes)

            let end = try await scene.worker.drain()
            scene.held?.release()
            let between = try #require(try await bed.row(CrashPoint.job))
            let noted = try await bed.events(of: CrashPoint.job)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: CrashPoint.job, worker: second)

            #expect(end.exit == .exited(code: 0), "\(end)")
            #expect(!between.status.isFinal && between.errorCode == nil)
            #expect(noted.suffix(2) == ["init_started", "init_refused"], "\(noted)")
            #expect(row.status == kind.end && row.attempt == 1, "\(row.json.encodedText)")
            #expect(bed.calls(of: CrashPoint.job, to: kind.endpoint) == 1)
            #expect(bed.posts(of: CrashPoint.job).count { $0.isDelivered } == 1)
            bed.expectNoViolation()
            try await bed.expectNothingLeft(worker: second)
            try await bed.expectDrains(second)
        }
    }

    @Test func `the answer of an init under way is noted by a worker that is told to stop`() async {
        await allAtOnce([PulledKind.photo, .pullDraft]) { try await Self.stop($0) }
    }

    private static func stop(_ kind: PulledKind) async throws {
        try await Self.run(kind, grace: 60) { bed, _, changes in
            // Long enough for the signal to come in between.
            bed.sandbox.fault(kind.endpoint, .slow(bytesPerSecond: 60))
            try await bed.connect(CrashPoint.job)
            let first = try bed.startWorker("first")
            try await bed.push(bed.job(CrashPoint.job, account: CrashPoint.job, video: "", changes))
            try await bed.hits(of: kind.endpoint, worker: first)

            let end = try await first.drain()
            let between = try #require(try await bed.row(CrashPoint.job))
            let noted = try await bed.events(of: CrashPoint.job)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: CrashPoint.job, worker: second)

            #expect(end.exit == .exited(code: 0), "\(end)")
            #expect(between.status == .processing, "\(between.json.encodedText)")
            #expect(between.publishID == bed.posts(of: CrashPoint.job).first?.publishID)
            #expect(noted.contains("init_answered"), "\(noted)")
            #expect(row.status == kind.end && row.publishID == between.publishID)
            #expect(bed.calls(of: CrashPoint.job, to: kind.endpoint) == 1)
            #expect(bed.posts(of: CrashPoint.job).count == 1)
            bed.expectNoViolation()
            try await bed.expectNothingLeft(worker: second)
            try await bed.expectDrains(second)
        }
    }

    /// A lease longer than any test: a job that was not handed back would not come back.
    private static func run(
        _ kind: PulledKind,
        grace: Int,
        _ body: (TestBed, FaultProxies, [String: JSONValue]) async throws -> Void
    ) async throws {
        let prefix = try await PulledKind.prefix
        let settings = PulledKind.settings(prefix).merging(
            ["LEASE_SECONDS": "300", "SHUTDOWN_GRACE_SECONDS": "\(grace)"]
        ) { $1 }
        try await TestBed.runBehindProxies(settings) {
            PulledKind.verify(&$0, prefix)
        } _: { bed, proxies in
            try await body(bed, proxies, kind.changes(prefix))
        }
    }
}
