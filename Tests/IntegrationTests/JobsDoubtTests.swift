import Postgres
import Foundation
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Posts that TikTok cannot tell us of: never repeated, asked about again, settled when it can.
@Suite(.timeLimit(.minutes(10)))
struct JobsDoubtTests {
    @Test func `a post in doubt becomes published once TikTok knows it again`() async throws {
        try await TestBed.run { bed in
            let (worker, video) = try await bed.doubt("doubted")

            try await bed.letTimersBeDue()
            let row = try await bed.row("doubted", "is settled", worker: worker) {
                $0.status != .inDoubt
            }

            bed.expectPosted(row, video)
            #expect(row.errorCode == nil && row.finishedAt != nil)
            #expect(try await bed.events(of: "doubted").suffix(2) == ["in_doubt", "reconciled"])
            try await bed.expectDrains(worker)
            #expect(try await bed.isQueueEmpty())
        }
    }

    @Test func `a post in doubt becomes failed once TikTok says that it failed it`() async throws {
        try await TestBed.run { bed in
            bed.sandbox.fault(.videoInit, .publishFails(reason: "spam_risk"))
            let (worker, _) = try await bed.doubt("doubted")

            try await bed.letTimersBeDue()
            let row = try await bed.row("doubted", "is settled", worker: worker) {
                $0.status != .inDoubt
            }

            #expect(row.status == .failed && row.errorCode == "spam_risk")
            #expect(row.errorOwner == "creator")
            bed.expectNotPosted("doubted")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a post that nobody ever tells of stays in doubt and becomes a dead letter`()
        async throws
    {
        try await TestBed.run { bed in
            let (worker, _) = try await bed.doubt("doubted", forEver: true)
            let published = bed.sandbox.report().posts.count
            let asked = bed.sandbox.report().requests[.status] ?? 0

            try await waitUntil("a question", state: { worker.err }) {
                try await bed.letTimersBeDue()
                return bed.sandbox.report().requests[.status] ?? 0 > asked
            }
            #expect(try await bed.deadDocuments().isEmpty)
            // A week later it is given up.
            _ = try await bed.database.execute(
                "UPDATE publish_history SET finished_at = finished_at - interval '7 days'"
            )
            try await waitUntil("the dead letter", state: { worker.err }) {
                try await bed.letTimersBeDue()
                return try await bed.deadDocuments().count == 1
            }

            let row = try #require(try await bed.row("doubted"))
            #expect(row.status == .inDoubt && row.errorCode == "invalid_publish_id")
            #expect(bed.sandbox.report().posts.count == published)
            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `the same id pushed again posts nothing while the first is in doubt`() async throws {
        try await TestBed.run { bed in
            let (worker, video) = try await bed.doubt("doubted")

            try await bed.push(bed.job("doubted", account: "mira", video: video.name))
            try await waitUntil("the duplicate", state: { worker.err }) {
                try await bed.events(of: "doubted").contains("duplicate")
            }

            #expect(bed.sandbox.report().requests[.videoInit] == 1)
            #expect(try await bed.row("doubted")?.status == .inDoubt)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// Brings a job to where TikTok, asked for the verdict, no longer knows it.
    fileprivate func doubt(
        _ job: String,
        forEver: Bool = false
    ) async throws -> (RunningProgram, TestVideo) {
        try await connect("mira")
        let video = try video("doubted.mp4", bytes: 200_000)
        sandbox.fault(
            .status,
            .refuse(status: 400, code: "invalid_publish_id"),
            count: forEver ? nil : 1
        )
        let worker = try startWorker()
        try await push(self.job(job, account: "mira", video: video.name))
        let row = try await end(of: job, worker: worker)
        #expect(row.status == .inDoubt && row.errorCode == "invalid_publish_id")
        #expect(row.errorOwner == "creator" && row.publishID != nil)
        return (worker, video)
    }

    /// Whether nothing waits in the bed's queue any more.
    fileprivate func isQueueEmpty() async throws -> Bool {
        let jobs = try await redis.send(["KEYS", .text(key("job:*"))]).array ?? []
        return jobs.isEmpty
    }
}
