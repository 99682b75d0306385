internal import FoundationEssentials
package import Redis
internal import TikTok

/// Asks Redis, in one atomic step, whether a job may post now.
package struct Admission: Sendable {
    let queue: JobQueue
    package let limits: Limits

    package enum Answer: Sendable, Equatable {
        case run
        /// Not now; the queue has not been told yet.
        case wait(Wait)
        /// Only the rate of its task's name keeps it from posting.
        case overRate
        /// Another job with the same id came first.
        case duplicate
        /// Somebody asked for the job to stop.
        case cancelled
        /// The time for it to begin is over.
        case expired
        /// The job is no longer ours.
        case stale
    }

    /// What a job that may not run now waits for.
    package struct Wait: Sendable, Equatable {
        package let reason: WaitingFor
        /// After which it asks again; `nil`: it stands in the line of its account.
        package let delay: Duration?
        /// Whether somebody knows that it will go on then.
        package let hasEnd: Bool
        /// Whether a person has paused the account.
        let isPause: Bool
        /// Whether it is the rate of its task's name that it waits for.
        let isForRate: Bool

        init(
            _ reason: WaitingFor,
            for delay: Duration?,
            hasEnd: Bool = true,
            isPause: Bool = false,
            isForRate: Bool = false
        ) {
            self.reason = reason
            self.delay = delay
            self.hasEnd = hasEnd
            self.isPause = isPause
            self.isForRate = isForRate
        }

        /// Whether it is for nothing but the limits of an account that could be posted for.
        var isForLimits: Bool {
            delay != nil && reason != .schedule && !isPause && !isForRate
        }
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
    ///   - isOverRate: whether the rate of its task's name is used up; what has begun goes on.
    package func admit(
        _ job: PublishJob,
        claim: Claim,
        dailyPosts: Int?,
        needsSlot: Bool,
        isOverRate: Bool = false
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
            .integer(Int64(limits.activeAccounts)), isOverRate ? "1" : "",
        ]
        for endpoint in job.beginsWith {
            arguments += [.text(endpoint.rawValue), .integer(Int64(limits.calls(of: endpoint)))]
        }
        let answer = try await queue.run(queue.scripts.admit, arguments)
        guard let read = Self.read(answer, mode: job.mode) else {
            throw .unexpectedAnswer(of: queue.scripts.admit)
        }
        return read
    }

    /// 0: none.
    private static func milliseconds(_ date: Date?) -> Int64 {
        date.map { Int64(($0.timeIntervalSince1970 * 1000).rounded(.up)) } ?? 0
    }

    /// - Returns: `nil` for what the script never answers.
    private static func read(_ answer: RedisValue, mode: PublishJob.Mode) -> Answer? {
        let parts = answer.array ?? []
        let delay = parts.dropFirst().first?.integer
        let isOpen = parts.dropFirst(2).first?.text == "1"
        func wait(_ reason: WaitingFor, isPause: Bool = false) -> Answer? {
            delay.map {
                .wait(
                    Wait(reason, for: .milliseconds($0), hasEnd: !isOpen, isPause: isPause)
                )
            }
        }
        return switch parts.first?.text {
        case "run": .run
        case "duplicate": .duplicate
        case "cancelled": .cancelled
        case "expired": .expired
        case "stale": .stale
        case "rate": .overRate
        case "line": .wait(Wait(.accountBusy, for: nil, hasEnd: false))
        case "busy": wait(.accountBusy)
        case "schedule": wait(.schedule)
        case "hold": wait(parts.last?.text.flatMap(WaitingFor.init) ?? .accountPaused)
        case "pause": wait(.accountPaused, isPause: true)
        case "limit": wait(mode == .draft ? .draftLimit : .dailyLimit)
        case "accounts": wait(.dailyLimit)
        case "calls": wait(.rateLimit)
        default: nil
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
