import Foundation
import Postgres
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Workers that stand still for longer than their lease, and then go on: the result of the one that
/// took the job over stands, whatever the first had under way.
@Suite(.timeLimit(.minutes(10)))
struct CrashFreezeTests {
    static let settings = JourneyKind.settings.merging(["LEASE_SECONDS": "3"]) { $1 }

    /// Where the first worker is frozen.
    static let points = [
        CrashPoint("after the claim", CrashPoint.claim),
        CrashPoint("between admission and the row", CrashPoint.script(CrashPoint.job, .holdAnswer)),
        // Late requests: the worker looked at its lease before, the server gets them after the end.
        CrashPoint("with the row on its way", CrashPoint.row(.holdRequest)),
        CrashPoint("before the init", CrashPoint.call(.creatorInfo, .hangAfter)),
        CrashPoint("in the init", CrashPoint.call(.videoInit, .hangAfter), posts: 2),
        CrashPoint(
            "with the upload's record on its way",
            CrashPoint.event("upload_agreed", .holdRequest),
            posts: 2
        ),
        CrashPoint("before the first chunk", CrashPoint.event("upload_agreed", .holdAnswer)),
        CrashPoint("in a chunk", CrashPoint.call(.upload, .hangAfter, skip: 2)),
        CrashPoint(
            "with a chunk's record on its way",
            CrashPoint.event("chunk_sent", .holdRequest, skip: 1)
        ),
        CrashPoint(
            "before the last chunk",
            CrashPoint.event("chunk_sent", .holdAnswer, skip: 3)
        ),
        CrashPoint("in the last chunk", CrashPoint.call(.upload, .hangAfter, skip: 4)),
        CrashPoint(
            "with the upload's end on its way",
            CrashPoint.event("uploaded", .holdRequest)
        ),
        CrashPoint("after the upload's end", CrashPoint.event("uploaded", .holdAnswer)),
        CrashPoint("with the wait on its way", CrashPoint.script("park", .holdRequest)),
        CrashPoint("in the verdict", CrashPoint.call(.status, .hangAfter)),
        CrashPoint(
            "with the verdict's record on its way",
            CrashPoint.event("published", .holdRequest)
        ),
        CrashPoint("with the settlement on its way", CrashPoint.script("done", .holdRequest)),
    ]

    @Test func `a worker frozen past its lease changes nothing when it goes on`() async {
        await allAtOnce(Self.points) { point in try await Self.freeze(at: point) }
    }

    private static func freeze(at point: CrashPoint) async throws {
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            let video = try JourneyKind.five.video(in: bed)
            let scene = try await bed.stand(at: point, proxies, video: video)
            let first = scene.worker

            first.send(.pause)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: CrashPoint.job, worker: second)
            try await bed.expectNothingLeft(worker: second)
            try await waitUntil("a start") { second.err.contains("worker.start") }
            try await bed.expectDrains(second)
            let stands = try await bed.trace(of: CrashPoint.job)
            scene.held?.release()
            first.send(.resume)
            // It ends its turn, and takes jobs again.
            try await waitUntil("the end of the lost turn", state: { first.err }) {
                first.err.contains("job.left")
            }
            try await bed.push(
                bed.job("next", account: CrashPoint.job, video: video.name)
            )
            let next = try await bed.end(of: "next", worker: first)

            #expect(try await bed.trace(of: CrashPoint.job) == stands, "\(point.testDescription)")
            try await JourneyKind.five.expectOut(row, video, of: 2, in: bed)
            bed.expectPosted(next, video)
            #expect(row.attempt == 1, "\(point.testDescription)")
            #expect(bed.sandbox.report().posts.count == point.posts + 1, "\(point.testDescription)")
            try await bed.expectNothingLeft(worker: first)
            try await bed.expectDrains(first)
        }
    }

    @Test func `PostgreSQL refuses a worker that lost its job after it had looked`() async throws {
        try await TestBed.runBehindProxies(Self.settings) { bed, proxies in
            let video = try JourneyKind.five.video(in: bed)
            let point = CrashPoint("", CrashPoint.event("chunk_sent", .holdRequest, skip: 1))
            let scene = try await bed.stand(at: point, proxies, video: video)
            let write = try #require(scene.held)
            scene.worker.send(.pause)
            // The second one has the row, with a newer fence, and has not ended it.
            bed.sandbox.fault(.upload, .hangBefore, openID: "-000-\(CrashPoint.job)", skip: 1)
            let second = try bed.startWorker("second")
            try await bed.hits(of: .upload, worker: second)
            let between = try await bed.trace(of: CrashPoint.job)

            write.release()
            try await waitUntil("PostgreSQL's answer to the first", state: { second.err }) {
                write.hit?.answer != nil
            }

            // No row was changed, so no event was added: only the fence stood in the way.
            #expect(write.hit?.answers("INSERT 0 0") == true)
            #expect(write.hit?.answers("UPDATE 0") == true)
            #expect(try await bed.trace(of: CrashPoint.job) == between)
            #expect(between.first?.contains("uploading") == true, "\(between)")
            scene.worker.send(.resume)
            try await waitUntil("the end of the lost turn", state: { scene.worker.err }) {
                scene.worker.err.contains("job.left")
            }
            #expect(try await bed.trace(of: CrashPoint.job) == between)

            await second.kill()
            let row = try await bed.end(of: CrashPoint.job, worker: scene.worker)
            try await JourneyKind.five.expectOut(row, video, in: bed)
            try await bed.expectNothingLeft(worker: scene.worker)
            try await bed.expectDrains(scene.worker)
        }
    }
}

extension TestBed {
    /// All that PostgreSQL has of a job: its row, its ledger and its events, every column.
    fileprivate func trace(of job: String) async throws -> [String] {
        let rows = try await database.query(
            """
            SELECT to_jsonb(h)::text AS words FROM publish_history h WHERE job_id = \(job)
            UNION ALL
            SELECT to_jsonb(l)::text FROM publish_ledger l WHERE job_id = \(job)
            UNION ALL
            (SELECT to_jsonb(e)::text FROM publish_events e WHERE job_id = \(job) ORDER BY id)
            """
        )
        return try rows.map { try $0.text("words") }
    }
}
