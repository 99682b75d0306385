import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// A job that goes all its way, with a call to TikTok for each step.
struct JourneyKind: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: Int
    let isDraft: Bool

    var testDescription: String { name }

    static let chunk = 5_242_880
    static let settings = ["CHUNK_BYTES": "\(chunk)"]

    static let small = JourneyKind(name: "small", bytes: 200_000, isDraft: false)
    static let five = JourneyKind(name: "five", bytes: 5 * chunk + 1000, isDraft: false)
    static let draft = JourneyKind(name: "draft", bytes: 300_000, isDraft: true)
    static let all = [small, five, draft]

    /// Writes the video of every job of this kind.
    func video(in bed: TestBed) throws -> TestVideo {
        try bed.video("\(name).mp4", bytes: bytes)
    }

    /// Pushes a job of this kind, for an account of the same name.
    func push(_ job: String, in bed: TestBed) async throws {
        let changes: [String: JSONValue] =
            isDraft ? ["mode": "draft", "title": .null, "privacy": .null] : [:]
        try await bed.push(bed.job(job, account: job, video: "\(name).mp4", changes))
    }

    /// What a job of this kind must have come to, whatever happened on the way.
    ///
    /// - Parameter posts: those of its account that are out.
    func expectOut(
        _ row: HistoryRow,
        _ video: TestVideo,
        of posts: Int = 1,
        in bed: TestBed,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let out = bed.sandbox.report().posts
            .filter { $0.openID == "-000-\(row.account)" && $0.isDelivered }
        #expect(out.count == posts, "\(row.job)", sourceLocation: sourceLocation)
        #expect(out.allSatisfy { $0.sha256 == video.sha256 }, sourceLocation: sourceLocation)
        if isDraft {
            #expect(row.status == .delivered, "\(row.json.encodedText)")
            #expect(row.publishID == out.first?.publishID, sourceLocation: sourceLocation)
            #expect(row.mediaSHA256 == video.sha256, sourceLocation: sourceLocation)
            bed.expectNoViolation(sourceLocation: sourceLocation)
        } else {
            bed.expectPosted(row, video, sourceLocation: sourceLocation)
        }
        let events = try await bed.events(of: row.job)
        let ends = events.compactMap(Status.init).filter(\.isFinal)
        #expect(ends == [row.status], "\(row.job): \(events)", sourceLocation: sourceLocation)
    }
}

extension TestBed {
    /// The calls of an account to TikTok so far, in order.
    func calls(of account: String) -> [SandboxEndpoint] {
        sandbox.journal().filter { $0.openID == "-000-\(account)" }.map(\.endpoint)
    }

    /// Of ended jobs Redis keeps nothing but their ids: no lease, no slot, no timer.
    func expectNothingLeft(
        worker: RunningProgram,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let kinds = [
            "leases", "dead", "job:", "ready:", "called:", "stage:", "timers:", "cancels",
            "slots:", "line:", "hold:", "running:", "task:", "askers:",
        ].map { key($0) }
        var left: [String] = []
        try await waitUntil("an empty queue", state: { "left: \(left)\n\(worker.err)" }) {
            let keys = try await redis.send(["KEYS", .text(key("*"))]).array ?? []
            left = keys.compactMap(\.text)
                .filter { name in kinds.contains { name.hasPrefix($0) } }
            return left.isEmpty
        }
    }
}
