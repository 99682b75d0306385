import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// A job that comes to its end in another way than straight to a post.
struct JourneyEnd: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Status
    var posts = 0
    var deadLetters = 0
    var attempt = 1
    /// What the document says beside the usual.
    var changes: @Sendable () -> [String: JSONValue] = { [:] }
    /// What TikTok makes of it.
    var prepare: @Sendable (Sandbox) -> Void = { _ in }

    /// The id of the job, and the name of its account.
    static let job = "traveller"

    static let all = [
        JourneyEnd(
            testDescription: "scheduled",
            status: .published,
            posts: 1,
            changes: { ["publish_at": .time(.now + 3)] }
        ),
        JourneyEnd(
            testDescription: "rejected",
            status: .rejected,
            deadLetters: 1,
            changes: { ["privacy": "everybody"] }
        ),
        JourneyEnd(
            testDescription: "expired",
            status: .expired,
            changes: { ["expires_at": "2026-01-01T00:00:00Z"] }
        ),
        JourneyEnd(
            testDescription: "refused",
            status: .failed,
            deadLetters: 1,
            prepare: {
                $0.fault(.videoInit, .refuse(status: 403, code: "invalid_param"), count: nil)
            }
        ),
        JourneyEnd(
            testDescription: "failed by TikTok",
            status: .failed,
            deadLetters: 1,
            prepare: { $0.fault(.videoInit, .publishFails(reason: "spam_risk"), count: nil) }
        ),
        JourneyEnd(
            testDescription: "tried again",
            status: .published,
            posts: 1,
            attempt: 2,
            prepare: { $0.fault(.videoInit, .refuse(status: 500, code: "internal_error")) }
        ),
    ]

    /// Sets the scene and pushes the job.
    func begin(in bed: TestBed) async throws {
        try await bed.connect(Self.job)
        prepare(bed.sandbox)
        let video = try bed.video("small.mp4", bytes: 200_000)
        try await bed.push(bed.job(Self.job, account: Self.job, video: video.name, changes()))
    }

    /// The job has this end, once, in PostgreSQL, at TikTok and in Redis.
    func expectReached(in bed: TestBed, worker: RunningProgram) async throws {
        let row = try await bed.end(of: Self.job, worker: worker)
        #expect(row.status == status, "\(testDescription): \(row.json.encodedText)")
        #expect(row.attempt == attempt, "\(testDescription): \(row.json.encodedText)")
        let out = bed.sandbox.report().posts.filter(\.isDelivered)
        #expect(out.count == posts, "\(testDescription)")
        bed.expectNoViolation()
        try await waitUntil("an empty queue", state: { worker.err }) {
            try await bed.sizes(of: Self.job) == [0, 0, 0, 0, 0, 0, Int64(deadLetters)]
        }
        let events = try await bed.events(of: Self.job)
        let ends = events.compactMap(Status.init).filter(\.isFinal)
        #expect(Set(ends) == [status], "\(testDescription): \(events)")
        // What adds no row but an event alone may say it twice: nothing else hangs on it.
        #expect(ends.count == 1 || status == .rejected, "\(testDescription): \(events)")
        #expect(try await bed.row(Self.job)?.updatedAt == row.updatedAt)
    }
}

extension TestBed {
    /// How many leases, timers, ready tickets, slots of the account and dead letters there are.
    fileprivate func sizes(of account: String) async throws -> [Int64] {
        var sizes: [Int64] = []
        for (command, rest) in [
            ("ZCARD", "leases"), ("ZCARD", "timers:\(queue)"), ("LLEN", "ready:\(queue)"),
            ("SCARD", "slots:post:\(account)"), ("SCARD", "slots:draft:\(account)"),
            ("SCARD", "running:\(account)"), ("ZCARD", "dead"),
        ] {
            let size = try await redis.send([.text(command), .text(key(rest))])
            sizes.append(size.integer ?? -1)
        }
        return sizes
    }
}
