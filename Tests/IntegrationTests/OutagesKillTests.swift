import Foundation
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Workers that die anywhere; those that die at points which are certain are in CrashKillTests.
@Suite(.timeLimit(.minutes(10)))
struct OutagesKillTests {
    static let chunk = 5_242_880
    static let settings = ["CHUNK_BYTES": "\(chunk)", "LEASE_SECONDS": "3"]

    @Test func `jobs outlive workers that are killed at any moment`() async throws {
        try await TestBed.run(Self.settings) { bed in
            let video = try bed.video("two.mp4", bytes: 2 * Self.chunk)
            let jobs = (0..<12).map { "job-\($0)" }
            for job in jobs {
                try await bed.connect(job)
                try await bed.push(bed.job(job, account: job, video: video.name))
            }
            for round in 0..<3 {
                let worker = try bed.startWorker("victim-\(round)")
                // Not a moment but an amount of work: how much is done when the blow falls.
                let requests = bed.sandbox.journal().count + Int.random(in: 5...25)
                try await waitUntil("work", limit: .seconds(40), state: { worker.err }) {
                    let rows = try await bed.reader.rows(of: jobs)
                    return bed.sandbox.journal().count >= requests
                        || rows.count(where: \.status.isFinal) == jobs.count
                }
                await worker.kill()
            }

            let last = try bed.startWorker("last")
            for row in try await bed.ends(of: jobs, worker: last) { bed.expectPosted(row, video) }
            try await bed.expectDrains(last)
        }
    }
}
