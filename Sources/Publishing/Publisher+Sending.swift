internal import Postgres
internal import TikTok

/// The two ways a post gets to TikTok, and the question what became of it.
extension Publisher {
    func send(
        _ turn: Turn,
        _ account: Account,
        _ ledger: Ledger
    ) async throws(Stop) -> Outcome {
        guard case .video(let reference, .upload) = turn.job.content else {
            try await begin(turn, account)
            return try await pulledPosts.post(turn)
        }
        if let pause = health.uploadPause() { throw .uploadsAway(pause) }
        let begun = ledger.upload?.source
        let video = try await turn.whileGoingOn { () throws(Stop) in
            try await media.open(reference, begun: begun)
        }
        try await begin(turn, account)
        desk.note(turn.claim, id: turn.job.id, step: "uploading")
        try await uploads.post(video, for: turn, ledger: ledger)
        return .waiting(.verdict(for: verdict.polling.firstPause))
    }

    private func begin(_ turn: Turn, _ account: Account) async throws(Stop) {
        try await turn.recording { () throws(HistoryError) in
            try await history.began(turn.entry, openID: account.openID)
        }
    }

    /// Asks for the verdict; before that, to stop what somebody wants stopped, where TikTok can.
    ///
    /// - Returns: `nil` when bytes must be sent.
    func askVerdict(
        _ ledger: Ledger,
        _ turn: Turn,
        _ account: Account
    ) async throws(Stop) -> Outcome? {
        guard let publishID = ledger.publishID else { return nil }
        let isToStop = try await isToStop(turn.job)
        if isToStop { try await pulledPosts.stop(publishID, turn) }
        do {
            return try await verdict.ask(ledger, for: turn, username: account.username)
        } catch {
            guard isToStop, case .verdict(.known(.publishCancelled), _) = error else { throw error }
            throw .cancelled
        }
    }

    /// Whether somebody asked for a post to stop that TikTok may still be fetching.
    private func isToStop(_ job: PublishJob) async throws(Stop) -> Bool {
        guard job.isPulled else { return false }
        do {
            return try await admission.queue.find(job.id)?.isCancelAsked ?? false
        } catch {
            throw .queueAway
        }
    }

    /// The worker that sent the last byte died before it could say so.
    func recordUnseenEnd(
        of ledger: Ledger,
        _ turn: Turn,
        _ outcome: Outcome
    ) async throws(Stop) {
        guard let upload = ledger.upload, upload.sentBytes < upload.source.bytes,
            outcome.isSuccess, case .video(let reference, _) = turn.job.content
        else { return }
        // A file is only read for its hash; it may be gone by now. No address is read for that.
        var video: Video?
        if case .path = reference {
            video = try? await media.open(reference, begun: upload.source)
        }
        do {
            try await uploads.end(upload, video, turn)
        } catch {
            // TikTok's verdict counts for more than what we could not note beside it.
            if case .lost = error { throw error }
        }
    }
}
