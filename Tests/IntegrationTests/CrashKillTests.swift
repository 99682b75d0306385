import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// Workers that are killed at each point of a job: another goes on exactly there.
@Suite(.timeLimit(.minutes(10)))
struct CrashKillTests {
    static let settings = JourneyKind.settings.merging(["LEASE_SECONDS": "3"]) { $1 }

    @Test func `a job outlives a worker that is killed at any of its points`() async {
        await allAtOnce(CrashPoint.all) { point in try await Self.kill(at: point) }
    }

    private static func kill(at point: CrashPoint) async throws {
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            let video = try JourneyKind.five.video(in: bed)
            let scene = try await bed.stand(at: point, proxies, video: video)

            await scene.worker.kill()
            scene.held?.release(dropped: true)
            let before = try await bed.row(CrashPoint.job)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: CrashPoint.job, worker: second)

            try await JourneyKind.five.expectOut(row, video, in: bed)
            #expect(row.attempt == 1, "\(point.testDescription)")
            if let publishID = before?.publishID { #expect(row.publishID == publishID) }
            #expect(bed.sandbox.report().posts.count == point.posts, "\(point.testDescription)")
            bed.expectChunks(of: point)
            // The job may have been at its end already.
            try await waitUntil("a start") { second.err.contains("worker.start") }
            try await bed.expectNothingLeft(worker: second)
            #expect(try await bed.row(CrashPoint.job)?.updatedAt == row.updatedAt)
            try await bed.expectDrains(second)
        }
    }
}
