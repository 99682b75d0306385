internal import FoundationEssentials
internal import TikTok

/// What is recorded once TikTok has every byte.
extension Uploads {
    /// When TikTok must have said its verdict, if the next chunk is the last; else `nil`: nothing
    /// can be out yet.
    func verdictDeadline(_ session: Session) -> Date? {
        session.plan.isLast(session.next) ? .now + rules.verdictDeadline.seconds : nil
    }

    func end(_ video: Video, _ turn: Turn, _ session: Session?) async throws(Stop) {
        let source = session?.source ?? HashingSource(video.source)
        // In one write where it is known already: a worker that dies here would leave no hash.
        let sha256 = await source.sha256IfWhole()
        try await recordEnd(bytes: video.bytes, sha256: sha256, turn)
        if sha256 == nil { try await hash(source, of: video, turn) }
    }

    /// Records the end of an upload whose sender died before it could; `video` is what stands under
    /// its name now.
    func end(_ upload: Ledger.Upload, _ video: Video?, _ turn: Turn) async throws(Stop) {
        try await recordEnd(bytes: upload.source.bytes, sha256: nil, turn)
        guard let video, video.identity == upload.source else { return }
        try await hash(HashingSource(video.source), of: video, turn)
    }

    private func recordEnd(bytes: Int64, sha256: String?, _ turn: Turn) async throws(Stop) {
        let deadline = Date.now + rules.verdictDeadline.seconds
        turn.standing.mayGoOut(verdictBy: deadline)
        try await turn.recording { () throws(HistoryError) in
            try await history.uploadEnded(
                turn.entry,
                bytes: bytes,
                sha256: sha256,
                verdictBy: deadline
            )
        }
    }

    /// For people who look for duplicates, so a disk that fails now stops nothing; and where the
    /// whole file must be read again, a drain does not wait for it.
    ///
    /// What is behind an address is not fetched a second time only for that.
    private func hash(
        _ source: HashingSource,
        of video: Video,
        _ turn: Turn
    ) async throws(Stop) {
        guard video.isFile, !turn.drain.isDraining || source.isWhole,
            let sha256 = try? await source.sha256()
        else { return }
        try await turn.recording { () throws(HistoryError) in
            try await history.hashed(turn.entry, sha256: sha256)
        }
    }
}
