import Foundation
import Publishing
import Sandbox
import Support
import Testing

/// Redis and PostgreSQL go away in mid-run and come back: the same worker ends every job, once.
@Suite(.timeLimit(.minutes(10)))
struct OutagesServersTests {
    static let chunk = 5_242_880
    static let isLong = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil

    @Test func `all jobs end published once by the same worker while Redis comes and goes`() async {
        await allAtOnce(Blow.ofRedis) { blow in try await Self.strike(blow) }
    }

    @Test func `all jobs end published once by the same worker while PostgreSQL does`() async {
        await allAtOnce(Blow.ofPostgres) { blow in try await Self.strike(blow) }
    }

    private static func strike(_ blow: Blow) async throws {
        try await TestBed.run(
            ["CHUNK_BYTES": "\(chunk)"].merging(blow.settings) { $1 },
            hasOwnServers: true
        ) { bed in
            let scene = try await OutageScene(bed, blow)
            try await blow.strike(bed)
            try await scene.worker.awaitAway(blow.server)
            if blow.server == "postgres" {
                try await scene.expectNoClaims(during: isLong ? .seconds(20) : .seconds(1.5))
            } else if isLong {
                // Longer than the lease; nothing below depends on it.
                try await Task.sleep(for: .seconds(20))
            }
            try await blow.mend(bed)
            if blow.server == "redis" { try await scene.pushLate() }

            try await scene.expectAllUnharmed()
            try await scene.worker.expectOneOutage(of: blow.server)
            try await bed.expectDrains(scene.worker)
        }
    }
}

/// A worker with jobs in mid-run, and jobs that come later.
struct OutageScene: Sendable {
    let bed: TestBed
    let worker: RunningProgram
    let video: TestVideo
    private let small: TestVideo

    static let early = (0..<4).map { "early-\($0)" }
    static let late = (0..<3).map { "late-\($0)" }

    /// Returns when four jobs are in the midst of their inits, whose answers drip.
    init(_ bed: TestBed, _ blow: Blow) async throws {
        self.bed = bed
        try await blow.prepare(bed)
        for job in Self.early + Self.late + ["afterwards"] { try await bed.connect(job) }
        video = try bed.video("two.mp4", bytes: 2 * OutagesServersTests.chunk + 1000)
        small = try bed.video("small.mp4", bytes: 100_000)
        bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 100), count: 4)
        worker = try bed.startWorker()
        for job in Self.early {
            try await bed.push(bed.job(job, account: job, video: video.name))
        }
        try await bed.hits(of: .videoInit, 4, worker: worker)
    }

    /// Jobs that come when a server is away, or just back.
    func pushLate() async throws {
        for job in Self.late {
            try await bed.push(bed.job(job, account: job, video: small.name))
        }
    }

    /// Pushes jobs that must stay in their list for as long as the outage lasts.
    func expectNoClaims(during outage: Duration) async throws {
        let before = try await bed.lastFence()
        try await pushLate()
        // A matter of length only: an outage has one.
        try await Task.sleep(for: outage)
        #expect(try await bed.unclaimed() == Int64(Self.late.count))
        #expect(try await bed.lastFence() == before)
    }

    /// Every job is posted once, and one that is pushed now as well.
    func expectAllUnharmed() async throws {
        for row in try await bed.ends(of: Self.early, worker: worker) {
            bed.expectPosted(row, video)
            try await bed.expectUnharmed(row)
        }
        try await bed.push(bed.job("afterwards", account: "afterwards", video: small.name))
        for row in try await bed.ends(of: Self.late + ["afterwards"], worker: worker) {
            bed.expectPosted(row, small)
            try await bed.expectUnharmed(row)
        }
    }
}
