package import FoundationEssentials
package import TikTok

/// What a worker would do with one document, and all that speaks against it.
package struct DryRunReport: Sendable {
    /// `nil` when it could not be read.
    package var job: PublishJob?
    /// Of a document that breaks rules, when that much could be read.
    package var brokenID: String?
    package var brokenRules: [BrokenRule] = []
    package var account: Account?
    /// In the job's order.
    package var media: [MediaReport] = []
    /// `nil` for drafts, and when nobody could be asked.
    package var creator: CreatorInfo?
    package var usage: Admission.Usage?
    package var place: Whereabouts?
    package var row: HistoryRow?
    package var unseen: UnseenJob?
    /// Of videos that are uploaded.
    package var plan: ChunkPlan?
    /// The call that would open the post; `nil` while something that goes into it is not known.
    package var request: PostInit?
    package var obstacles: [Obstacle] = []
    package var prospects: [Admission.Prospect] = []

    /// Something that keeps the job from being posted, with who can mend it.
    package struct Obstacle: Sendable, Equatable {
        package enum Kind: String, Sendable {
            /// It would not be posted.
            case refused
            /// It would wait until somebody mends it, a week at most.
            case blocked
            /// It may pass: the job would be tried again.
            case retried
        }

        package let kind: Kind
        package let failure: Failure
    }

    package enum Verdict: String, Sendable {
        case posted
        case postedLater = "posted_later"
        case refused, blocked, retried
    }

    package var verdict: Verdict {
        let kinds = Set(obstacles.map(\.kind))
        if job == nil || kinds.contains(.refused) { return .refused }
        if kinds.contains(.blocked) { return .blocked }
        if kinds.contains(.retried) { return .retried }
        return prospects.isEmpty ? .posted : .postedLater
    }

    /// When all that it would wait for is over; `nil`: now, or nobody knows.
    package var latest: Date? {
        let ends = prospects.map(\.until)
        return ends.contains(nil) ? nil : ends.compactMap(\.self).max()
    }

    mutating func add(_ kind: Obstacle.Kind, _ failure: Failure) {
        obstacles.append(Obstacle(kind: kind, failure: failure))
    }

    /// What a stop would come to, as the worker decides it.
    ///
    /// - Throws: the stop, where it says nothing of the job.
    mutating func add(_ stop: Stop) throws(Stop) {
        switch Outcome(stop, verdictBy: nil) {
        case .failed(let failure), .rejected(let failure): add(.refused, failure)
        case .retry(let failure), .inDoubt(let failure): add(.retried, failure)
        case .waiting(let waiting): try add(waiting, of: stop)
        default: throw stop
        }
    }

    private mutating func add(_ waiting: Waiting, of stop: Stop) throws(Stop) {
        guard let failure = waiting.why else { throw stop }
        guard waiting.reason == .accountPaused else {
            prospects.append(
                Admission.Prospect(
                    waitingFor: waiting.reason,
                    until: .now + waiting.delay.seconds,
                    words: failure.message
                )
            )
            return
        }
        // What passes by itself says when.
        add(failure.retryAfter == nil ? .blocked : .retried, failure)
    }
}

/// One file of a job, as far as it could be looked at.
package struct MediaReport: Sendable {
    package enum Facts: Sendable {
        case video(VideoFacts)
        case photo(PhotoFacts)
        /// Its server sends whole files only: TikTok judges it.
        case unread
        /// It could not be read, or must not be.
        case none
    }

    /// `video`, `photos[2]`: where the document names it.
    package let field: String
    package let facts: Facts
}

/// What only a dry run says: one entry a code.
extension Failure {
    package static let idTaken = Failure(
        "duplicate",
        .upstream,
        "The id is taken: a job with it came before, and this one would post nothing.",
        action:
            "Look at it with `tiktok-publisher jobs show JOB`. If this is another post, push it "
            + "under a new id."
    )

    static let timeOver = Failure(
        "expired",
        .upstream,
        "Its expires_at is over.",
        action: "Push the job with a later expires_at, or without one."
    )

    static let endsWhileWaiting = Failure(
        "expired",
        .upstream,
        "Its expires_at is over before it may be posted.",
        action: "Push the job with a later expires_at, or without one."
    )

    static let limitIsZero = Failure(
        "daily_limit_zero",
        .operator,
        "The account's daily_post_limit is 0: it posts nothing until somebody raises it.",
        action: "Raise daily_post_limit in tiktok_accounts."
    )
}
