internal import FoundationEssentials
package import TikTok

/// Asks TikTok what became of a post, and turns the answer into the job's outcome.
package struct Verdict: Sendable {
    let api: TikTokAPI
    let history: History
    let polling: VerdictPolling

    /// Between two questions when the first one had no answer.
    static let pauseAfterTrouble = Duration.seconds(15)

    package init(api: TikTokAPI, history: History, polling: VerdictPolling) {
        self.api = api
        self.history = history
        self.polling = polling
    }

    /// One question; a job that must ask again waits in a durable timer.
    ///
    /// - Returns: `nil` when bytes must be sent, because none were, or because TikTok waits for
    ///   more.
    func ask(
        _ ledger: Ledger,
        for turn: Turn,
        username: String?
    ) async throws(Stop) -> Outcome? {
        guard let publishID = ledger.publishID, let deadline = ledger.verdictDeadline else {
            return nil
        }
        let status: PostStatus
        do throws(Stop) {
            status = try await turn.asking(.postStatus) { () throws(TikTokError) in
                try await api.postStatus(of: publishID, token: turn.token)
            }
        } catch {
            guard case .tiktok(let trouble) = error else { throw error }
            return await later(publishID, turn, deadline: deadline, because: trouble)
        }
        if let success = Outcome(
            success: status,
            of: turn.job.content.kind,
            username: username
        ) {
            return success
        }
        switch status.stage {
        case .failed:
            throw try await failed(turn, status)
        case .processingUpload where ledger.lacksBytes(uploaded: status.uploadedBytes):
            turn.standing.bytesAreMissing()
            return nil
        case .publishComplete, .sentToInbox, .processingUpload, .processingDownload, .unknown:
            return await later(publishID, turn, deadline: deadline, why: nil)
        }
    }

    /// TikTok took the post and failed it.
    ///
    /// Where another post may succeed, this one is forgotten first: it is certain that it was not
    /// posted.
    private func failed(_ turn: Turn, _ status: PostStatus) async throws(Stop) -> Stop {
        let code = status.failReason ?? .known(.internalFault)
        switch ErrorCatalogue.entry(for: code, httpStatus: nil).treatment {
        case .retry, .startAgain, .wait, .refreshToken, .reauthorise:
            let failure = Failure(verdict: code, logID: status.logID)
            try await turn.recording { () throws(HistoryError) in
                try await history.uploadForgotten(turn.entry, why: failure)
            }
        case .permanent, .cancelled, .inDoubt: break
        }
        return .verdict(code, logID: status.logID)
    }

    /// A failed question never fails the post: it is at TikTok, whatever becomes of our asking.
    private func later(
        _ publishID: String,
        _ turn: Turn,
        deadline: Date,
        because error: TikTokError
    ) async -> Outcome {
        switch error.code {
        case .known(.invalidPublishID), .known(.tokenNotAuthorizedForPublishID):
            .inDoubt(Failure(error).inDoubt)
        default:
            await later(publishID, turn, deadline: deadline, why: Failure(error).whileTikTokIsAsked)
        }
    }

    private func later(
        _ publishID: String,
        _ turn: Turn,
        deadline: Date,
        why failure: Failure?
    ) async -> Outcome {
        guard deadline > .now else {
            return .inDoubt(failure?.inDoubt ?? .verdictMissing)
        }
        let pause = await polling.pause(for: publishID, afterPolls: turn.claim.polls)
        // The last question comes when time is up, however rare they have become.
        let left = Duration.seconds(max(1, deadline.timeIntervalSinceNow))
        // Whatever the trouble is, asking faster than the minute's limit frees does not help.
        let least = failure == nil ? .zero : Self.pauseAfterTrouble
        let longest = max(min(pause, left), least, failure?.retryAfter ?? .zero)
        return .waiting(.verdict(for: longest, why: failure))
    }
}

extension Outcome {
    /// `nil` when TikTok does not say that the post is where it should be.
    init?(success status: PostStatus, of kind: PublishJob.Kind, username: String?) {
        switch status.stage {
        case .publishComplete:
            let link = status.postIDs.first.flatMap { kind.link(to: $0, by: username) }
            self = .published(postIDs: status.postIDs.map(\.text), shareURL: link)
        case .sentToInbox:
            self = .delivered
        case .failed, .processingUpload, .processingDownload, .unknown:
            return nil
        }
    }
}

extension PublishJob.Kind {
    /// Where people see a post; `nil` when nobody knows whose it is.
    func link(to post: PostID, by username: String?) -> String? {
        guard let username else { return nil }
        return switch self {
        case .video: ShareURL.video(post, by: username)
        case .photo: ShareURL.photo(post, by: username)
        }
    }
}
