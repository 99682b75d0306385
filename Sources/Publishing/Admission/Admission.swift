package import FoundationEssentials
package import Redis
internal import TikTok

/// Asks Redis, in one atomic step, whether a job may post now.
package struct Admission: Sendable {
    let queue: JobQueue
    package let limits: Limits

    package enum Answer: Sendable, Equatable {
        case run
        /// The queue already keeps the job until then; nothing is left for the worker to settle.
        case wait(WaitingFor, until: Date?)
        /// Another job with the same id came first.
        case duplicate
        /// Somebody asked for the job to stop.
        case cancelled
        /// The time for it to begin is over.
        case expired
        /// The job is no longer ours.
        case stale
    }

    /// The rolling window of TikTok's daily limits.
    static let window = Duration.seconds(86400)

    /// Jobs that wait for the same moment come back spread over this long.
    private static let jitter = Duration.seconds(1)

    package init(queue: JobQueue, limits: Limits) {
        self.queue = queue
        self.limits = limits
    }

    /// Asks for a slot and a place in every limit of the job's account.
    ///
    /// Where the answer is `run`, the calls that the post begins with are counted already.
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
        var arguments: [RedisArgument] = [
            .text(claim.ticket), .integer(claim.fence), .text(job.account), .text(job.id),
            .integer(needsSlot ? Int64(limits.concurrency) : 0),
            .text(job.mode.counted),
            .integer(Int64(limit)), .integer(Self.window.milliseconds),
            .integer(Int64.random(in: 0..<Self.jitter.milliseconds)),
            .integer(Self.milliseconds(job.publishAt)), .integer(Self.milliseconds(job.expiresAt)),
            .integer(Int64(limits.activeAccounts)),
        ]
        for endpoint in job.beginsWith {
            arguments += [.text(endpoint.rawValue), .integer(Int64(limits.calls(of: endpoint)))]
        }
        let answer = try await queue.run(queue.scripts.admit, arguments)
        return Self.read(answer, mode: job.mode)
    }

    /// 0: none.
    private static func milliseconds(_ date: Date?) -> Int64 {
        date.map { Int64(($0.timeIntervalSince1970 * 1000).rounded(.up)) } ?? 0
    }

    private static func read(_ answer: RedisValue, mode: PublishJob.Mode) -> Answer {
        let parts = answer.array ?? []
        let until = parts.dropFirst().first?.integer
            .flatMap { $0 == 0 ? nil : Date(timeIntervalSince1970: Double($0) / 1000) }
        return switch parts.first?.text {
        case "run": .run
        case "duplicate": .duplicate
        case "cancelled": .cancelled
        case "expired": .expired
        case "schedule": .wait(.schedule, until: until)
        case "busy": .wait(.accountBusy, until: nil)
        case "hold", "pause": .wait(.accountPaused, until: until)
        case "limit": .wait(mode == .draft ? .draftLimit : .dailyLimit, until: until)
        case "accounts": .wait(.dailyLimit, until: until)
        case "calls": .wait(.rateLimit, until: until)
        default: .stale
        }
    }
}

extension PublishJob {
    /// The calls with a limit a minute that a new post makes before its first byte.
    var beginsWith: [Endpoint] {
        switch (content.kind, mode) {
        case (.video, .direct): [.creatorInfo, .videoInit]
        case (.video, .draft): [.inboxVideoInit]
        case (.photo, .direct): [.creatorInfo, .photoInit]
        case (.photo, .draft): [.photoInit]
        }
    }
}

extension PublishJob.Mode {
    /// How the scripts name what is counted in a day.
    var counted: String {
        switch self {
        case .direct: "post"
        case .draft: "draft"
        }
    }
}
