import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// In what order the jobs of one account are posted, and what a refused one leaves for the next.
@Suite(.timeLimit(.minutes(10)))
struct JobsOrderTests {
    @Test func `a job whose turn takes longer to begin is posted before those claimed after it`()
        async throws
    {
        try await TestBed.runBehindProxies(["LEASE_SECONDS": "300"]) { bed, proxies in
            let video = try bed.video("a.mp4", bytes: 100_000)
            let begun = CrashPoint.script(CrashPoint.job, .holdRequest)
            let point = CrashPoint("before admission", begun)
            let scene = try await bed.stand(at: point, proxies, video: video)
            await scene.worker.kill()
            scene.held?.release(dropped: true)
            // Whoever takes it now asks PostgreSQL first what became of it; the others need not.
            try await bed.letLeasesEnd()
            let others = (1...3).map { "other-\($0)" }
            for job in others {
                try await bed.push(bed.job(job, account: CrashPoint.job, video: video.name))
            }

            let second = try bed.startWorker("second")
            let jobs = [CrashPoint.job] + others
            _ = try await bed.ends(of: jobs, worker: second)

            #expect(bed.posts(of: CrashPoint.job).map(\.title) == jobs.map(TestBed.title))
            try await bed.expectDrains(second)
        }
    }

    @Test func `a job that is refused before its init leaves the account's minute to the next`()
        async throws
    {
        let limits = ["INIT_PER_MINUTE": "1", "CREATOR_INFO_PER_MINUTE": "1"]
        try await TestBed.run(limits) { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 100_000)
            try Data("no video".utf8).write(to: URL(filePath: bed.media + "/text.mp4"))
            try await bed.push(
                bed.job("refused", account: "mira", video: "text.mp4"),
                bed.job("good", account: "mira", video: video.name),
                bed.job("late", account: "mira", video: video.name)
            )

            let worker = try bed.startWorker()
            let refused = try await bed.end(of: "refused", worker: worker)
            bed.expectPosted(try await bed.end(of: "good", worker: worker), video)
            let late = try await bed.row("late", "waits", worker: worker) {
                $0.waitingFor == "rate_limit"
            }

            #expect(refused.status == .failed && refused.errorOwner == "upstream")
            let waits = try await bed.reader.events(of: "good").compactMap(\.detail)
                .filter { $0.contains("rate_limit") }
            #expect(waits.isEmpty, "\(waits)")
            #expect(late.status == .waiting)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Makes the jobs of a worker that has died ready again, as any worker does in time.
    fileprivate func letLeasesEnd() async throws {
        let leases = try await redis.send(["ZRANGE", .text(key("leases")), 0, -1])
        for ticket in (leases.array ?? []).compactMap(\.text) {
            _ = try await redis.sendAll([
                ["ZREM", .text(key("leases")), .text(ticket)],
                ["HDEL", .text(key("job:\(ticket)")), "fence"],
                ["LPUSH", .text(key("ready:\(queue)")), .text(ticket)],
            ])
        }
    }
}
