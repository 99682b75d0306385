package import FoundationEssentials

/// Every way in which a worker's turn with a job can end.
///
/// The worker has one clause for each.
package enum Outcome: Sendable {
    /// TikTok says that the post is complete; the ids are empty for posts that are not public.
    case published(postIDs: [String], shareURL: String?)
    /// The draft is in the owner's inbox.
    case delivered
    /// Admission has parked the job itself; only the row must say so.
    case parked(WaitingFor, until: Date?)
    /// Goes on by itself after `delay`; burns no attempt.
    case waiting(WaitingFor, for: Duration, stage: Claim.Stage, holdAccount: Bool, why: Failure?)
    /// The attempt failed and another may succeed.
    case retry(Failure)
    /// Will not be posted.
    case failed(Failure)
    /// TikTok may have posted it and cannot tell us.
    case inDoubt(Failure)
    /// Broke a rule before anything was sent.
    case rejected(Failure)
    case expired
    /// Another job with this id came first.
    case duplicate
    /// PostgreSQL says the job has ended already; only the queue does not know.
    case alreadyRecorded(Status)
    /// The worker is stopping or PostgreSQL is away: somebody goes on where this one was.
    case handedBack(after: Duration)
    /// The job is no longer ours: nothing may be written or settled.
    case lost
}

extension Outcome {
    /// Whether TikTok has the post as asked.
    var isSuccess: Bool {
        switch self {
        case .published, .delivered: true
        case .parked, .waiting, .retry, .failed, .inDoubt, .rejected, .expired, .duplicate,
            .alreadyRecorded, .handedBack, .lost:
            false
        }
    }

    /// What stopped the job, if anything did.
    package var failure: Failure? {
        switch self {
        case .retry(let failure), .failed(let failure), .inDoubt(let failure),
            .rejected(let failure):
            failure
        case .waiting(_, _, _, _, let failure): failure
        case .published, .delivered, .parked, .expired, .duplicate, .alreadyRecorded, .handedBack,
            .lost:
            nil
        }
    }
}

/// What a waiting job waits for; the column `waiting_for`.
package enum WaitingFor: String, Sendable {
    case schedule
    case dailyLimit = "daily_limit"
    case draftLimit = "draft_limit"
    case rateLimit = "rate_limit"
    case accountBusy = "account_busy"
    case accountPaused = "account_paused"
    case backoff
    case tiktok
}
