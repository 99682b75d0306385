import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// A worker with jobs in mid-run, and jobs that come later.
struct OutageScene: Sendable {
    let bed: TestBed
    let worker: RunningProgram
    let video: TestVideo
    private let small: TestVideo
    /// Where upstream pushes; `nil`: straight to the bed's Redis.
    private let upstream: RedisClient?

    static let early = (0..<4).map { "early-\($0)" }
    static let late = (0..<3).map { "late-\($0)" }

    /// Returns when four jobs are in the midst of their inits, whose answers drip.
    init(_ bed: TestBed, upstream: RedisClient? = nil) async throws {
        self.bed = bed
        self.upstream = upstream
        for job in Self.early + Self.late + ["afterwards"] { try await bed.connect(job) }
        video = try bed.video("two.mp4", bytes: 2 * OutagesServersTests.chunk + 1000)
        small = try bed.video("small.mp4", bytes: 100_000)
        bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 100), count: 4)
        worker = try bed.startWorker()
        for job in Self.early { try await push(job, video) }
        try await bed.hits(of: .videoInit, 4, worker: worker)
    }

    /// Jobs that come when a server is away, or just back.
    func pushLate() async throws {
        for job in Self.late { try await push(job, small) }
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
        try await push("afterwards", small)
        for row in try await bed.ends(of: Self.late + ["afterwards"], worker: worker) {
            bed.expectPosted(row, small)
            try await bed.expectUnharmed(row)
        }
    }

    /// A job of an account of the same name.
    private func push(_ job: String, _ video: TestVideo) async throws {
        let document = bed.job(job, account: job, video: video.name)
        guard let upstream else { return try await bed.push(document) }
        _ = try await upstream.send(["LPUSH", .text(bed.queue), .bytes(document.encoded)])
    }
}
