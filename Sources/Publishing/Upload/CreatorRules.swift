internal import TikTok

/// What the creator allows at the moment: asked before an init is spent, and obeyed.
extension Turn {
    /// Asks for the creator's settings.
    ///
    /// - Returns: `nil` for a draft: its owner chooses in the app, and its token need not have the
    ///   scope to ask.
    /// - Throws: `.refused` when the job's audience is not offered.
    func creator(_ api: TikTokAPI) async throws(Stop) -> CreatorInfo? {
        guard job.mode == .direct else { return nil }
        let creator = try await asking(.creatorInfo) { () throws(TikTokError) in
            try await api.creatorInfo(token: token)
        }
        if let privacy = job.privacy, !creator.privacyLevels.contains(privacy) {
            throw .refused(.privacyNotOffered(creator.privacyLevels))
        }
        return creator
    }
}
