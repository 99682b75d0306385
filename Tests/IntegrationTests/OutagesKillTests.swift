import Foundation
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Workers that die, stop or are told to stop, at points that are certain: the stand-in holds a
/// request back, and the test waits until it does.
@Suite(.timeLimit(.minutes(10)))
struct OutagesKillTests {
    static let chunk = 5_242_880
    static let settings = ["CHUNK_BYTES": "\(chunk)", "LEASE_SECONDS": "3"]

    /// Where a worker is killed.
    struct Point: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let endpoint: SandboxEndpoint
        let action: SandboxFault.Action
        var skip = 0
        /// How each chunk must have been answered in the end; 0: not at all.
        let answers: [[Int]]
        /// Inits that the stand-in has answered or done.
        var inits = 1
    }

    static let points = [
        Point(
            testDescription: "while it asks about the creator",
            endpoint: .creatorInfo,
            action: .hangBefore,
            answers: [[206], [206], [206], [201]]
        ),
        Point(
            testDescription: "after an init whose answer never came",
            endpoint: .videoInit,
            action: .hangAfter,
            answers: [[206], [206], [206], [201]],
            inits: 2
        ),
        Point(
            testDescription: "before a chunk in the middle arrived",
            endpoint: .upload,
            action: .hangBefore,
            skip: 2,
            answers: [[206], [206], [0, 206], [201]]
        ),
        Point(
            testDescription: "after a chunk in the middle arrived, unanswered",
            endpoint: .upload,
            action: .hangAfter,
            skip: 1,
            answers: [[206], [0], [206], [201]]
        ),
        Point(
            testDescription: "after the last chunk arrived, unanswered",
            endpoint: .upload,
            action: .hangAfter,
            skip: 3,
            answers: [[206], [206], [206], [0]]
        ),
        Point(
            testDescription: "while it asks for the verdict",
            endpoint: .status,
            action: .hangAfter,
            answers: [[206], [206], [206], [201]]
        ),
    ]

    @Test func `a job outlives a worker that is killed at any of these points`() async {
        await allAtOnce(Self.points) { point in try await Self.kill(at: point) }
    }

    private static func kill(at point: Point) async throws {
        try await TestBed.run(settings) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * chunk + 1000)
            bed.sandbox.fault(point.endpoint, point.action, skip: point.skip)
            let first = try bed.startWorker("first")
            try await bed.push(bed.job("survivor", account: "mira", video: video.name))
            try await bed.hits(of: point.endpoint, worker: first)
            let before = try await bed.row("survivor")
            #expect(before?.status.isFinal == false)

            await first.kill()
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "survivor", worker: second)

            bed.expectPosted(row, video)
            if let publishID = before?.publishID { #expect(row.publishID == publishID) }
            #expect(row.attempt == 1)
            let chunks = bed.chunks()
            #expect((0..<4).map { chunks[Int64($0 * chunk)] } == point.answers, "\(point)")
            #expect(bed.sandbox.report().requests[.videoInit] == point.inits, "\(point)")
            try await bed.expectDrains(second)
        }
    }

    @Test func `a worker frozen past its lease does not disturb the one that took over`()
        async throws
    {
        try await TestBed.run(Self.settings) { bed in
            try await bed.connect("mira")
            let video = try bed.video("four.mp4", bytes: 4 * Self.chunk + 1000)
            bed.sandbox.fault(.upload, .hangBefore, skip: 1)
            let first = try bed.startWorker("first")
            try await bed.push(bed.job("frozen", account: "mira", video: video.name))
            try await bed.hits(of: .upload, worker: first)

            first.send(.pause)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: "frozen", worker: second)
            first.send(.resume)
            // It takes jobs again once it has found out that it lost this one.
            try await bed.expectDrains(second)
            try await bed.push(bed.job("next", account: "mira", video: video.name))
            let next = try await bed.end(of: "next", worker: first)

            bed.expectPosted(row, video)
            bed.expectPosted(next, video)
            #expect(try await bed.row("frozen")?.updatedAt == row.updatedAt)
            try await bed.expectDrains(first)
        }
    }

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
