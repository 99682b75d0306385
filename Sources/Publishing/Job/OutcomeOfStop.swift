internal import Postgres
internal import TikTok

extension Outcome {
    /// Decides what follows when a step stops a job; the only place that does.
    ///
    /// - Parameter hasPublishID: whether TikTok had agreed to the post when the turn began.
    init(_ stop: Stop, hasPublishID: Bool) {
        switch stop {
        case .tiktok(let error): self.init(Failure(error), treatment: error.entry.treatment)
        case .verdict(let code, let logID):
            let entry = ErrorCatalogue.entry(for: code, httpStatus: nil)
            self.init(Failure(verdict: code, logID: logID), treatment: entry.treatment)
        case .refused(let failure): self = .failed(failure)
        case .failed(let failure): self = .retry(failure)
        case .databaseAway, .queueAway: self = .handedBack(after: .seconds(1))
        case .draining: self = .handedBack(after: .zero)
        case .lost: self = .lost
        }
    }

    private init(_ failure: Failure, treatment: ErrorTreatment) {
        switch treatment {
        case .retry, .startAgain: self = .retry(failure)
        case .wait(let limit):
            self = .waiting(
                WaitingFor(limit),
                for: max(limit.shortestWait, failure.retryAfter ?? .zero),
                stage: .post,
                holdAccount: true,
                why: failure
            )
        case .refreshToken, .reauthorise, .permanent, .cancelled: self = .failed(failure)
        case .inDoubt: self = .inDoubt(failure)
        }
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
    init(_ error: HistoryError) {
        self =
            switch error {
            case .stale: .lost
            case .away: .databaseAway
            case .refused(let cause): .failed(.historyRefused(cause.description))
            }
    }
}
