import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// A job that ends every worker which takes it is put aside, and the others go on.
@Suite(.timeLimit(.minutes(10)))
struct CrashWorkerKillerTests {
    static let settings = ["LEASE_SECONDS": "3"]
    /// As often as `Publisher` lets a job end its workers.
    static let deliveries = 4

    @Test func `a job that kills its workers becomes a dead letter, and the others go on`()
        async throws
    {
        try await TestBed.run(Self.settings) { bed in
            let video = try bed.video("small.mp4", bytes: 200_000)
            let others = try await Self.wearOut(bed, video)
            let survivor = try bed.startWorker("survivor")
            let row = try await bed.end(of: "killer", worker: survivor)

            #expect(row.status == .failed)
            #expect(row.errorCode == "worker_killed")
            #expect(row.errorOwner == "operator")
            bed.expectNotPosted("killer")
            #expect(bed.calls(of: "killer").count == Self.deliveries)
            try await bed.expectOneDeadLetter(because: "worker_killed", worker: survivor)
            // The account of the dead letter is not in the way of its next job.
            bed.sandbox.clearFaults()
            try await bed.push(bed.job("better", account: "killer", video: video.name))
            for job in ["tough", "better"] + others {
                bed.expectPosted(try await bed.end(of: job, worker: survivor), video)
            }
            try await bed.expectDrains(survivor)
        }
    }

    /// Kills a worker as often as it takes, always when it has the killer in hand.
    ///
    /// - Returns: the jobs that went well meanwhile.
    private static func wearOut(_ bed: TestBed, _ video: TestVideo) async throws -> [String] {
        try await bed.connect("killer", "tough", "others")
        // Whoever takes these gets as far as this, and dies; one of them is innocent.
        bed.sandbox.fault(.creatorInfo, .hangBefore, openID: "-000-killer", count: nil)
        let deaths = deliveries - 1
        bed.sandbox.fault(.creatorInfo, .hangBefore, openID: "-000-tough", count: deaths)
        for job in ["killer", "tough"] {
            try await bed.push(bed.job(job, account: job, video: video.name))
        }
        var others: [String] = []
        for delivery in 1...deliveries {
            let victim = try bed.startWorker("victim-\(delivery)")
            try await bed.hits(of: .creatorInfo, delivery + min(delivery, deaths), worker: victim)
            let other = "other-\(delivery)"
            try await bed.push(bed.job(other, account: "others", video: video.name))
            _ = try await bed.end(of: other, worker: victim)
            others.append(other)
            if delivery == deliveries {
                let tough = try await bed.end(of: "tough", worker: victim)
                #expect(tough.attempt == 1)
            }
            await victim.kill()
        }
        return others
    }
}

extension TestBed {
    fileprivate func expectOneDeadLetter(
        because reason: String,
        worker: RunningProgram
    ) async throws {
        try await waitUntil("a dead letter", state: { worker.err }) {
            let dead = try await redis.send(["ZRANGE", .text(key("dead")), 0, -1]).array ?? []
            guard let ticket = dead.first?.text, dead.count == 1 else { return false }
            let why = try await redis.send(["HGET", .text(key("job:\(ticket)")), "reason"])
            return why.text == reason
        }
    }
}
