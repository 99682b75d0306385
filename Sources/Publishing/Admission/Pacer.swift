internal import Redis
internal import Synchronization
internal import TikTok

/// Keeps the calls of one turn inside the account's limits a minute.
///
/// What admission or the claim has counted already is used first, while it is fresh: a call that
/// comes much later than it was counted could meet others in TikTok's own minute.
final class Pacer: Sendable {
    private let admission: Admission
    private let job: PublishJob
    private let claim: Claim
    private let reserved: Mutex<[Endpoint: ContinuousClock.Instant]>

    /// Shorter than what the scripts' minute is longer than TikTok's.
    private static let freshness = Duration.seconds(5)

    /// - Parameter asked: when the calls the turn begins with were counted; `nil`: they were not.
    init(_ admission: Admission, _ job: PublishJob, _ claim: Claim, countedAt asked: Instant?) {
        self.admission = admission
        self.job = job
        self.claim = claim
        var reserved: [Endpoint: Instant] = [:]
        switch claim.stage {
        case .post:
            for endpoint in job.beginsWith { reserved[endpoint] = asked }
        case .watch:
            reserved[.postStatus] = claim.claimedAt
        case .reconcile, .moderation: break
        }
        self.reserved = Mutex(reserved)
    }

    typealias Instant = ContinuousClock.Instant

    /// What admission has counted for nothing, because the turn did not come to its init.
    var uncalled: [Endpoint] {
        let left = reserved.withLock(\.self)
        return left[job.initEndpoint] == nil ? [] : job.beginsWith.filter { left[$0] != nil }
    }

    /// Returns when the call may be made now.
    ///
    /// - Throws: `.limited` with the time to wait, `.lost`, or `.queueAway`.
    func pass(_ endpoint: Endpoint) async throws(Stop) {
        guard let limit = admission.limits.perMinute[endpoint] else { return }
        let counted = reserved.withLock { $0.removeValue(forKey: endpoint) }
        if let counted, counted.duration(to: .now) < Self.freshness { return }
        let begins = job.beginsWith.contains(endpoint) && endpoint != .creatorInfo
        let answer: RedisValue
        do throws(RedisError) {
            answer = try await admission.queue.run(
                admission.queue.scripts.call,
                [
                    .text(claim.ticket), .integer(claim.fence), .text(job.account),
                    .text(endpoint.rawValue), .integer(Int64(limit)),
                    .text(begins ? job.mode.counted : ""),
                ]
            )
        } catch {
            throw .queueAway
        }
        switch answer.integer {
        case 0: return
        case let wait? where wait > 0: throw .limited(.milliseconds(wait))
        case -1: throw .lost
        default: throw .queueAway
        }
    }
}
