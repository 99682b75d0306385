internal import FoundationEssentials
package import TikTok

/// Asks TikTok what became of a post, and turns the answer into the job's outcome.
package struct Verdict: Sendable {
    let api: TikTokAPI
    let history: History

    package init(api: TikTokAPI, history: History) {
        self.api = api
        self.history = history
    }

    /// One question; a job that must ask again waits in a durable timer.
    func ask(
        _ publishID: String,
        for turn: Turn,
        username: String?,
        deadline: Date
    ) async throws(Stop) -> Outcome {
        let status: PostStatus
        do {
            status = try await api.postStatus(of: publishID, token: turn.token)
        } catch {
            return try later(turn, deadline: deadline, because: error)
        }
        switch status.stage {
        case .publishComplete:
            let link = status.postIDs.first.flatMap { id in
                username.flatMap { ShareURL.video(id, by: $0) }
            }
            return .published(postIDs: status.postIDs.map(\.text), shareURL: link)
        case .sentToInbox:
            return .delivered
        case .failed:
            throw try await failed(turn, status)
        case .processingUpload, .processingDownload, .unknown:
            return later(turn, deadline: deadline, why: nil)
        }
    }

    /// TikTok took the post and failed it.
    ///
    /// Where another post may succeed, this one is forgotten first: it is certain that it was not
    /// posted.
    private func failed(_ turn: Turn, _ status: PostStatus) async throws(Stop) -> Stop {
        let code = status.failReason ?? .known(.internalFault)
        switch ErrorCatalogue.entry(for: code, httpStatus: nil).treatment {
        case .retry, .startAgain, .wait:
            let failure = Failure(verdict: code, logID: status.logID)
            try await turn.recording { () throws(HistoryError) in
                try await history.uploadForgotten(turn.entry, why: failure)
            }
        case .refreshToken, .reauthorise, .permanent, .cancelled, .inDoubt: break
        }
        return .verdict(code, logID: status.logID)
    }

    /// A failed question never fails the post: it is at TikTok, whatever becomes of our asking.
    private func later(
        _ turn: Turn,
        deadline: Date,
        because error: TikTokError
    ) throws(Stop) -> Outcome {
        try turn.checkHeld()
        switch error.code {
        case .known(.invalidPublishID), .known(.tokenNotAuthorizedForPublishID):
            return .inDoubt(Failure(error))
        default:
            return later(turn, deadline: deadline, why: Failure(error))
        }
    }

    private func later(_ turn: Turn, deadline: Date, why failure: Failure?) -> Outcome {
        guard deadline > .now else { return .inDoubt(failure ?? .verdictMissing) }
        let delay = VerdictPolling.delay(afterPolls: turn.claim.polls)
        return .waiting(
            .tiktok,
            for: max(delay, failure?.retryAfter ?? .zero),
            stage: .watch,
            holdAccount: false,
            why: failure
        )
    }
}
