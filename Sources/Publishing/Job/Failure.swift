internal import Telemetry
package import TikTok

/// Why a step stopped a job: told to the one person who can mend it.
package struct Failure: Error, Sendable, Equatable {
    /// Stable, for dashboards and filters: TikTok's code or one of ours.
    package let code: String
    package let owner: ErrorOwner
    /// What happened.
    package let message: String
    /// What the owner should do.
    package let action: String
    /// TikTok's name for the request, when it was TikTok that refused.
    package var logID: String?
    /// What the server asked us to wait.
    package var retryAfter: Duration?
    /// Whether it may be that TikTok as a whole is away, and not this job's fault.
    package var isServersFault = false

    package init(
        _ code: String,
        _ owner: ErrorOwner,
        _ message: String,
        action: String,
        logID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.owner = owner
        self.message = message
        self.action = action
        self.logID = logID
        self.retryAfter = retryAfter
    }

    /// The same when no attempt is left: nothing will happen by itself any more.
    var afterLastAttempt: Failure {
        guard action.hasPrefix("Nothing") else { return self }
        return Failure(
            code,
            owner,
            message + " Every attempt ended so.",
            action: "Once this is over, \(Failure.again).",
            logID: logID,
            retryAfter: retryAfter
        )
    }

    /// The same trouble with a post that may be out: nobody must push it again now.
    var whileTikTokIsAsked: Failure {
        advising("Nothing yet: the post may be out, and TikTok is asked what became of it.")
    }

    /// The same when TikTok could not say in time what became of the post.
    var inDoubt: Failure { advising(Failure.verdictMissing.action) }

    private func advising(_ action: String) -> Failure {
        Failure(code, owner, message, action: action, logID: logID, retryAfter: retryAfter)
    }

    /// What the catalogue says of an answer from TikTok, with TikTok's own words where it gave any.
    init(_ error: TikTokError) {
        let entry = error.entry
        var message = entry.message
        if case .refused(let refusal) = error, !refusal.message.isEmpty {
            // What it repeats of the request is gone already; this is for what only looks secret.
            message += " TikTok says: \(Redactor().redact(refusal.message))"
        }
        self.init(
            entry.codeText,
            entry.owner,
            message,
            action: entry.action,
            logID: error.logID,
            retryAfter: error.retryAfter
        )
        isServersFault = error.isServersFault
    }

    /// What the catalogue says of a post that TikTok took and then failed.
    init(verdict code: TikTokErrorCode, logID: String?) {
        let entry = ErrorCatalogue.entry(for: code, httpStatus: nil)
        self.init(
            entry.codeText,
            entry.owner,
            entry.message,
            action: entry.action,
            logID: logID
        )
    }
}

/// Why a step ends before its end.
///
/// `Outcome.init(_:)` is the one place that decides what follows.
package enum Stop: Error {
    case tiktok(TikTokError)
    /// TikTok took the post and then failed it, with this reason.
    case verdict(TikTokErrorCode, logID: String?)
    /// Will not get better by itself.
    case refused(Failure)
    /// May get better by itself.
    case failed(Failure)
    /// The account's connection must be mended first; then every post of it can go on.
    case accountClosed(Failure)
    /// A limit of the account's is used up for so long.
    case limited(Duration)
    /// TikTok's upload hosts are away, and another job tries them first.
    case uploadsAway(Duration)
    /// This worker's memory for media is full, or every thread asks about a host that nobody
    /// answers for; the job comes back after so long.
    case noRoom(Duration)
    /// Bytes must be sent, and nobody has asked yet whether the account has a slot.
    case unadmitted
    /// PostgreSQL cannot be asked now.
    case databaseAway
    /// Redis cannot be asked now.
    case queueAway
    /// Celery's result server cannot be asked now whether the caller has revoked the task.
    case resultsAway
    /// The worker is stopping; what was done is committed.
    case draining
    /// The time for the post to begin is over, and nothing of it was sent.
    case expired
    /// Somebody asked for the job to stop, and the post cannot be out.
    case cancelled
    /// The job is no longer ours, by the queue or by PostgreSQL.
    case lost
}

extension Stop {
    /// Some stay away for longer than others, so that not all come back at once.
    static var noRoomNow: Stop { .noRoom(.seconds(Int64.random(in: 10...20))) }
}
