package import FoundationEssentials
package import Redis

/// Asks Redis, in one atomic step, whether a job may post now.
package struct Admission: Sendable {
    private let queue: JobQueue
    private let limits: Limits

    /// What one account may do.
    package struct Limits: Sendable {
        /// Jobs of one account that transfer at once.
        package let concurrency: Int
        /// Posts in a rolling 24 hours; 0: no limit of ours.
        ///
        /// TikTok's own cap is "typically around 15" and shared by all apps (Content Sharing
        /// Guidelines, read 2026-09-11).
        package let dailyPosts: Int
        /// Drafts in a rolling 24 hours; TikTok allows 5 pending (Upload API page, read
        /// 2026-11-22).
        package let dailyDrafts: Int

        package init(concurrency: Int, dailyPosts: Int, dailyDrafts: Int) {
            self.concurrency = concurrency
            self.dailyPosts = dailyPosts
            self.dailyDrafts = dailyDrafts
        }
    }

    package enum Answer: Sendable, Equatable {
        case run
        /// The queue already keeps the job until then; nothing is left for the worker to settle.
        case wait(WaitingFor, until: Date?)
        /// Another job with the same id came first.
        case duplicate
        /// The job is no longer ours.
        case stale
    }

    /// The rolling window of TikTok's daily limits.
    private static let window = Duration.seconds(86400)

    package init(queue: JobQueue, limits: Limits) {
        self.queue = queue
        self.limits = limits
    }

    /// Asks for a slot and a place in the daily limit of the job's account.
    ///
    /// - Parameters:
    ///   - dailyPosts: the account's own limit, when it has one.
    ///   - needsSlot: `false` only asks whether the job's id is its own.
    package func admit(
        _ job: PublishJob,
        claim: Claim,
        dailyPosts: Int?,
        needsSlot: Bool
    ) async throws(RedisError) -> Answer {
        let ours = job.mode == .draft ? limits.dailyDrafts : limits.dailyPosts
        // Zero in our settings means no limit; zero in an account's row means nothing at all.
        let own = job.mode == .draft ? nil : dailyPosts
        let limit = own ?? (ours == 0 ? -1 : ours)
        let notBefore = job.publishAt.map { Int64(($0.timeIntervalSince1970 * 1000).rounded(.up)) }
        let answer = try await queue.run(
            Scripts.admit,
            [
                .text(claim.ticket), .integer(claim.fence), .text(job.account), .text(job.id),
                .integer(needsSlot ? Int64(limits.concurrency) : 0),
                .text(job.mode == .draft ? "draft" : "post"),
                .integer(Int64(limit)), .integer(Self.window.milliseconds),
                .integer(Int64.random(in: 0..<1000)), .integer(notBefore ?? 0),
            ]
        )
        return Self.read(answer, limit: job.mode == .draft ? .draftLimit : .dailyLimit)
    }

    private static func read(_ answer: RedisValue, limit: WaitingFor) -> Answer {
        let parts = answer.array ?? []
        let until = parts.dropFirst().first?.integer
            .map { Date(timeIntervalSince1970: Double($0) / 1000) }
        return switch parts.first?.text {
        case "run": .run
        case "duplicate": .duplicate
        case "schedule": .wait(.schedule, until: until)
        case "busy": .wait(.accountBusy, until: nil)
        case "hold": .wait(.accountPaused, until: until)
        case "limit": .wait(limit, until: until)
        default: .stale
        }
    }
}
