internal import FoundationEssentials
internal import Postgres
internal import TikTok

extension Outcome {
    /// Decides what follows when a step stops a job; the only place that does.
    ///
    /// - Parameter verdictBy: set when the post may be out. Then no trouble of ours, of the account
    ///   or of the file makes it a failure: TikTok is asked until then, and after that it is in
    ///   doubt.
    init(_ stop: Stop, verdictBy deadline: Date?) {
        switch stop {
        case .tiktok(let error): self.init(Failure(error), treatment: error.entry.treatment)
        case .verdict(let code, let logID):
            let entry = ErrorCatalogue.entry(for: code, httpStatus: nil)
            self.init(Failure(verdict: code, logID: logID), treatment: entry.treatment)
        case .refused(let failure): self = .failed(failure)
        case .failed(let failure): self = .retry(failure)
        case .accountClosed(let failure):
            self = .waiting(.account(failure, for: failure.retryAfter ?? Self.mendingTime))
        case .limited(let delay):
            self = .waiting(
                deadline == nil
                    ? Waiting(.rateLimit, for: delay, keepsSlot: true) : .verdict(for: delay)
            )
        case .uploadsAway(let delay), .noRoom(let delay):
            self = .waiting(
                deadline == nil
                    ? Waiting(.backoff, for: delay, keepsSlot: true) : .verdict(for: delay)
            )
        case .databaseAway, .queueAway:
            self = .handedBack(after: .seconds(1), mayBeOut: deadline != nil)
        case .resultsAway:
            self = .handedBack(after: .seconds(15), mayBeOut: deadline != nil)
        case .draining: self = .handedBack(after: .zero, mayBeOut: deadline != nil)
        case .unadmitted:
            self = .waiting(Waiting(.backoff, for: .seconds(2), keepsSlot: true))
        case .expired: self = .expired
        case .cancelled: self = .cancelled
        case .lost: self = .lost
        }
        guard let deadline, let failure = stop.trouble else { return }
        let delay = max(Self.pauseBeforeVerdict, failure.retryAfter ?? .zero)
        self =
            deadline > .now
            ? .waiting(.verdict(for: delay, why: failure.whileTikTokIsAsked))
            : .inDoubt(failure.inDoubt)
    }

    /// How soon to look whether a person has mended an account's connection.
    private static let mendingTime = Duration.seconds(900)

    /// Before TikTok is asked what became of a post whose turn met with trouble.
    private static let pauseBeforeVerdict = Duration.seconds(15)

    private init(_ failure: Failure, treatment: ErrorTreatment) {
        switch treatment {
        case .retry, .startAgain: self = .retry(failure)
        case .wait(let limit):
            self = .waiting(
                Waiting(
                    WaitingFor(limit),
                    for: max(limit.shortestWait, failure.retryAfter ?? .zero),
                    why: failure,
                    holdsAccount: true
                )
            )
        case .refreshToken, .reauthorise:
            self = .waiting(.account(failure, for: Self.mendingTime))
        case .permanent, .cancelled: self = .failed(failure)
        case .inDoubt: self = .inDoubt(failure)
        }
    }
}

extension Waiting {
    /// For the account's connection to be mended: none of its posts can begin before.
    fileprivate static func account(_ failure: Failure, for delay: Duration) -> Waiting {
        Waiting(.accountPaused, for: delay, why: failure, holdsAccount: true)
    }
}

extension WaitingFor {
    /// TikTok's limits as the history names them.
    init(_ limit: WaitReason) {
        self =
            switch limit {
            case .rateLimit: .rateLimit
            case .dailyPosts, .activeCreators: .dailyLimit
            case .pendingDrafts: .draftLimit
            }
    }
}

extension Stop {
    /// What went wrong, unless it was TikTok's verdict or nothing that concerns the post.
    fileprivate var trouble: Failure? {
        switch self {
        case .tiktok(let error): Failure(error)
        case .refused(let failure), .failed(let failure), .accountClosed(let failure): failure
        case .verdict, .limited, .uploadsAway, .noRoom, .databaseAway, .queueAway, .resultsAway,
            .draining, .unadmitted, .expired, .cancelled, .lost:
            nil
        }
    }

    init(_ error: HistoryError) {
        self =
            switch error {
            case .stale: .lost
            case .away: .databaseAway
            case .refused(let cause): .failed(.historyRefused(cause.description))
            }
    }
}
