import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// TikTok is away for as long as it likes: no job fails for it, and hardly anybody knocks.
///
/// Waits are short here, so that an hour's worth of failed calls takes seconds.
@Suite(.timeLimit(.minutes(10)))
struct OutagesTikTokTests {
    static let chunk = 5_242_880
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil

    /// How TikTok is away.
    struct Absence: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// As the worker's log names what is away.
        var servers = ["tiktok"]
        let begin: @Sendable (Sandbox) async -> Void
        var end: @Sendable (Sandbox) async throws -> Void = { $0.clearFaults() }
    }

    static let html = "<html><body>We are working on it</body></html>"

    static let absences = [
        Absence(testDescription: "answers 503 in HTML") {
            $0.fault(nil, .body(status: 503, type: "text/html", text: html), count: nil)
        },
        Absence(testDescription: "answers 500 with a code of its own") {
            $0.fault(nil, .refuse(status: 500, code: "internal_error"), count: nil)
        },
        Absence(testDescription: "resets every connection") {
            $0.fault(nil, .resetBefore, count: nil)
        },
        Absence(testDescription: "has closed its port") {
            await $0.stop()
        } end: {
            try await $0.start()
        },
    ]

    // MARK: Before any job is under way

    @Test func `jobs that come while TikTok is away fail for no attempt of theirs`() async {
        await allAtOnce(Self.absences) { absence in try await Self.comeWhile(absence) }
    }

    private static func comeWhile(_ absence: Absence) async throws {
        let settings = ["MAX_ATTEMPTS": "3", "RETRY_MAX_SECONDS": "1"]
        try await TestBed.run(settings) { bed in
            let jobs = (0..<8).map { "early-\($0)" }
            let late = (0..<4).map { "late-\($0)" }
            for job in jobs + late + ["afterwards"] { try await bed.connect(job) }
            let video = try bed.video("small.mp4", bytes: 100_000)
            await absence.begin(bed.sandbox)
            let worker = try bed.startWorker()
            for job in jobs { try await bed.push(bed.job(job, account: job, video: video.name)) }
            for server in absence.servers { try await worker.awaitAway(server) }

            try await bed.settleDown(worker)
            let before = try await bed.unclaimed()
            for job in late { try await bed.push(bed.job(job, account: job, video: video.name)) }
            // Each of these finds nobody there: far more than the attempts of all jobs.
            let turns = worker.lines(with: "job.turn").count
            try await waitUntil("probes", state: { "\(worker.err.suffix(4000))" }) {
                worker.lines(with: "job.turn").count >= turns + (isLong ? 12 : 4)
            }
            let rows = try await bed.reader.rows(of: jobs + late)
            #expect(rows.allSatisfy { !$0.status.isFinal }, "\(worker.err.suffix(2000))")
            // Claims have stopped, but for one job at a time that tries.
            #expect(try await bed.unclaimed() >= before + Int64(late.count) - (isLong ? 12 : 4) - 1)
            try await absence.end(bed.sandbox)

            try await bed.push(bed.job("afterwards", account: "afterwards", video: video.name))
            for row in try await bed.ends(of: jobs + late + ["afterwards"], worker: worker) {
                bed.expectPosted(row, video)
            }
            for server in absence.servers { try await worker.expectOneOutage(of: server) }
            try await bed.expectDrains(worker)
        }
    }

    // MARK: In mid-run

    @Test func `jobs in mid-run go on where they were when TikTok comes back`() async {
        await allAtOnce(Self.absences) { absence in try await Self.strikeInMidRun(absence) }
    }

    private static func strikeInMidRun(_ absence: Absence) async throws {
        let settings = ["MAX_ATTEMPTS": "3", "RETRY_MAX_SECONDS": "1", "CHUNK_BYTES": "\(chunk)"]
        try await TestBed.run(settings, options: { $0.hasUploadPort = true }) { bed in
            let scene = try await OutageScene(bed)
            await absence.begin(bed.sandbox)
            try await waitUntil("an outage", state: { scene.worker.err }) {
                !scene.worker.lines(with: "server.away", "server=tiktok").isEmpty
            }
            try await bed.settleDown(scene.worker)
            try await scene.pushLate()
            try await absence.end(bed.sandbox)

            try await scene.expectAllPosted()
            // Its uploads and the rest of it are looked at apart.
            let told = scene.worker.lines(with: "server.")
            #expect(told.count <= 4 && told.count.isMultiple(of: 2), "\(told)")
            try await bed.expectDrains(scene.worker)
        }
    }

    @Test func `only the upload host is away`() async throws {
        let settings = [
            "MAX_ATTEMPTS": "3", "RETRY_MAX_SECONDS": "1", "CHUNK_BYTES": "\(Self.chunk)",
        ]
        try await TestBed.run(settings, options: { $0.hasUploadPort = true }) { bed in
            let scene = try await OutageScene(bed)
            bed.sandbox.fault(.upload, .resetBefore, count: nil)
            try await waitUntil("an outage", state: { scene.worker.err }) {
                !scene.worker.lines(with: "server.away", "server=tiktok_uploads").isEmpty
            }
            try await scene.pushLate()
            let failures = bed.failedUploads
            try await waitUntil("more failures", state: { scene.worker.err }) {
                bed.failedUploads >= failures + (Self.isLong ? 60 : 15)
            }
            bed.sandbox.clearFaults()

            try await scene.expectAllPosted()
            try await scene.worker.expectOneOutage(of: "tiktok_uploads")
            // No post was begun in vain.
            #expect(bed.sandbox.report().posts.count == OutageScene.early.count + 4)
            try await bed.expectDrains(scene.worker)
        }
    }

    // MARK: Few jobs

    /// Its first attempt is burnt: nobody knows of the outage before it.
    @Test(
        .enabled("LONG_TESTS is not set") { OutagesServersTests.isLong }
    )
    func `a job that is alone does not fail for TikTok's absence`() async {
        await allAtOnce([2, 8].map(Attempts.init)) { attempts in
            try await Self.beAlone(attempts.most)
        }
    }

    private struct Attempts: CustomTestStringConvertible {
        let most: Int
        var testDescription: String { "\(most) attempts" }
    }

    private static func beAlone(_ attempts: Int) async throws {
        let settings = ["MAX_ATTEMPTS": "\(attempts)", "RETRY_MAX_SECONDS": "1"]
        try await TestBed.run(settings) { bed in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 100_000)
            bed.sandbox.fault(nil, .resetBefore, count: nil)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("alone", account: "mira", video: video.name))

            try await waitUntil("five calls in vain", state: { worker.err }) {
                bed.sandbox.journal().count { $0.fault != nil } >= 5
                    || worker.lines(with: "job.turn", "outcome=failed").count > 0
            }
            bed.sandbox.clearFaults()

            bed.expectPosted(try await bed.end(of: "alone", worker: worker), video)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    fileprivate var failedUploads: Int {
        sandbox.journal().count { $0.endpoint == .upload && $0.fault != nil }
    }

    /// Waits until no job is in the worker's hands: each has found out that TikTok is away.
    fileprivate func settleDown(_ worker: RunningProgram) async throws {
        try await waitUntil("every job waits", state: { "\(worker.err.suffix(4000))" }) {
            try await redis.send(["ZCARD", .text(key("leases"))]).integer == 0
        }
    }
}
