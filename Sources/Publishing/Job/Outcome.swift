package import FoundationEssentials

/// Every way in which a worker's turn with a job can end.
///
/// The recorder has one clause for each.
package enum Outcome: Sendable {
    /// TikTok says that the post is complete; the ids are empty for posts that are not public.
    case published(postIDs: [String], shareURL: String?)
    /// The draft is in the owner's inbox.
    case delivered
    /// May not run now: its account or its time says so.
    case parked(PublishJob, Admission.Wait)
    case waiting(Waiting)
    /// The attempt failed and another may succeed.
    case retry(Failure)
    /// Will not be posted.
    case failed(Failure)
    /// TikTok may have posted it and cannot tell us; it is asked again now and then.
    case inDoubt(Failure)
    /// Asked about again, and still nobody knows.
    case stillInDoubt(since: Date)
    /// Was in doubt, and its row says what became of it.
    case reconciled(Status)
    /// Is out, and TikTok's moderation holds its id back as before.
    case stillHeldBack
    /// Is out, and nobody asks for its id any more: its row has it, or nobody can.
    case shown
    /// Broke a rule before anything was sent.
    case rejected(Failure)
    /// Workers die of its document: it is put aside unread.
    case unreadable(Failure)
    case expired
    /// Somebody asked for it to stop, in time.
    case cancelled
    /// Another job with this id came first.
    case duplicate
    /// PostgreSQL says the job has ended already; only the queue does not know.
    case alreadyRecorded(Status)
    /// The worker is stopping or PostgreSQL is away: somebody goes on where this one was.
    ///
    /// A post that may be out is watched next: no limit keeps it from that.
    case handedBack(after: Duration, mayBeOut: Bool = false)
    /// The job is no longer ours: nothing may be written or settled.
    case lost
}

/// A job that goes on by itself after a while.
package struct Waiting: Sendable {
    let reason: WaitingFor
    let delay: Duration
    let stage: Claim.Stage
    let why: Failure?
    /// Whether what it waits for concerns every post of the account.
    let holdsAccount: Bool
    /// Whether a failed attempt came before.
    let burnsAttempt: Bool
    /// Whether the job stays the first of its account: what it waits for concerns the others too.
    let keepsSlot: Bool

    init(
        _ reason: WaitingFor,
        for delay: Duration,
        stage: Claim.Stage = .post,
        why: Failure? = nil,
        holdsAccount: Bool = false,
        burnsAttempt: Bool = false,
        keepsSlot: Bool = false
    ) {
        self.reason = reason
        self.delay = delay
        self.stage = stage
        self.why = why
        self.holdsAccount = holdsAccount
        self.burnsAttempt = burnsAttempt
        self.keepsSlot = stage == .post && (keepsSlot || holdsAccount)
    }

    /// For TikTok's verdict on a post that may be out.
    static func verdict(for delay: Duration, why: Failure? = nil) -> Waiting {
        Waiting(.tiktok, for: delay, stage: .watch, why: why)
    }
}

extension Outcome {
    /// Whether TikTok has the post as asked.
    var isSuccess: Bool {
        switch self {
        case .published, .delivered: true
        case .parked, .waiting, .retry, .failed, .inDoubt, .stillInDoubt, .reconciled,
            .stillHeldBack, .shown, .rejected, .unreadable, .expired, .cancelled, .duplicate,
            .alreadyRecorded, .handedBack, .lost:
            false
        }
    }

    /// Whether the row now says, or said before, that the post reached TikTok as asked.
    var endsWell: Bool {
        switch self {
        case .reconciled(let status), .alreadyRecorded(let status): status.isSuccess
        default: isSuccess
        }
    }

    /// What stopped the job, if anything did.
    package var failure: Failure? {
        switch self {
        case .retry(let failure), .failed(let failure), .inDoubt(let failure),
            .rejected(let failure), .unreadable(let failure):
            failure
        case .waiting(let waiting): waiting.why
        case .published, .delivered, .parked, .stillInDoubt, .reconciled, .stillHeldBack, .shown,
            .expired, .cancelled, .duplicate, .alreadyRecorded, .handedBack, .lost:
            nil
        }
    }

    /// Whether it may only be settled once a row says so.
    var needsRow: Bool {
        switch self {
        case .published, .delivered, .waiting, .retry, .failed, .inDoubt, .expired, .cancelled:
            true
        case .parked, .stillInDoubt, .reconciled, .stillHeldBack, .shown, .rejected, .unreadable,
            .duplicate, .alreadyRecorded, .handedBack, .lost:
            false
        }
    }

    /// For logs and metrics.
    package var name: String {
        switch self {
        case .published: "published"
        case .delivered: "delivered"
        case .parked(_, let wait): "waiting.\(wait.reason.rawValue)"
        case .waiting(let waiting): "waiting.\(waiting.reason.rawValue)"
        case .retry: "retry"
        case .failed: "failed"
        case .inDoubt: "in_doubt"
        case .stillInDoubt: "still_in_doubt"
        case .reconciled: "reconciled"
        case .stillHeldBack: "still_held_back"
        case .shown: "shown"
        case .rejected: "rejected"
        case .unreadable: "unreadable"
        case .expired: "expired"
        case .cancelled: "cancelled"
        case .duplicate: "duplicate"
        case .alreadyRecorded: "already_recorded"
        case .handedBack: "handed_back"
        case .lost: "lost"
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
