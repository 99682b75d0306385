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
    /// Who is watched; another may have taken over.
    var worker: RunningProgram
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
        for job in Self.early + Self.late + ["one-more", "afterwards"] {
            try await bed.connect(job)
        }
        video = try bed.video("two.mp4", bytes: 2 * OutagesServersTests.chunk + 1000)
        small = try bed.video("small.mp4", bytes: 100_000)
        bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 100), count: 4)
        worker = try bed.startWorker()
        for job in Self.early { try await push(job, video) }
        try await bed.hits(of: .videoInit, 4, worker: worker)
    }

    func pushOneMore() async throws { try await push("one-more", small) }

    /// Jobs that come when a server is away, or just back.
    func pushLate() async throws {
        for job in Self.late { try await push(job, small) }
    }

    /// Pushes jobs that must stay in their list for as long as the outage lasts.
    func expectNoClaims(during outage: Duration) async throws {
        let before = (fence: try await bed.lastFence(), unclaimed: try await bed.unclaimed())
        try await pushLate()
        // A matter of length only: an outage has one.
        try await Task.sleep(for: outage)
        #expect(try await bed.unclaimed() == before.unclaimed + Int64(Self.late.count))
        #expect(try await bed.lastFence() == before.fence)
    }

    /// Every job is posted once without a failed attempt, and one that is pushed now as well.
    func expectAllUnharmed(andOneMore hasOneMore: Bool = false) async throws {
        for row in try await expectAllPosted(andOneMore: hasOneMore) {
            try await bed.expectUnharmed(row)
        }
    }

    /// Every job is posted once, and one that is pushed now as well.
    @discardableResult
    func expectAllPosted(andOneMore hasOneMore: Bool = false) async throws -> [HistoryRow] {
        try await push("afterwards", small)
        let long = try await bed.ends(of: Self.early, worker: worker)
        for row in long { bed.expectPosted(row, video) }
        let others = Self.late + ["afterwards"] + (hasOneMore ? ["one-more"] : [])
        let short = try await bed.ends(of: others, worker: worker)
        for row in short { bed.expectPosted(row, small) }
        return long + short
    }

    /// A job of an account of the same name.
    private func push(_ job: String, _ video: TestVideo) async throws {
        let document = bed.job(job, account: job, video: video.name)
        guard let upstream else { return try await bed.push(document) }
        _ = try await upstream.send(["LPUSH", .text(bed.queue), .bytes(document.encoded)])
    }
}
