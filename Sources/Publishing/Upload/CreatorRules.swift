internal import Synchronization
package import TikTok

/// What creators allow at the moment: asked before an init is spent, and obeyed.
///
/// An answer counts for five minutes at most, or until an init of its account is refused, for the
/// refusal may come from settings that have changed since.
package final class CreatorRules: Sendable {
    private let api: TikTokAPI
    private let kept = Mutex<[String: Kept]>([:])

    private struct Kept {
        let creator: CreatorInfo
        let end: ContinuousClock.Instant
    }

    /// How long an answer counts.
    static let life = Duration.seconds(300)
    /// Of accounts whose answers are kept; one takes some hundred bytes.
    static let countMax = 4096

    package init(api: TikTokAPI) {
        self.api = api
    }

    /// Says what the job's creator allows.
    ///
    /// - Parameter seconds: how long the post's video plays, when that is known.
    /// - Returns: `nil` for a draft: its owner chooses in the app, and its token need not have the
    ///   scope to ask.
    /// - Throws: `.refused` when the job's audience is not offered.
    func creator(of turn: Turn, seconds: Double?) async throws(Stop) -> CreatorInfo? {
        try await creator(of: turn.job, seconds: seconds) { () throws(Stop) in
            try await turn.asking(.creatorInfo) { () throws(TikTokError) in
                try await api.creatorInfo(token: turn.token)
            }
        }
    }

    /// The same, where `ask` asks TikTok.
    func creator(
        of job: PublishJob,
        seconds: Double?,
        _ ask: () async throws(Stop) -> CreatorInfo
    ) async throws(Stop) -> CreatorInfo? {
        guard job.mode == .direct else { return nil }
        // What was kept may be out of date: only a fresh answer refuses.
        if let creator = recall(job.account), creator.offers(job.privacy),
            MediaRules.refusal(ofSeconds: seconds, most: creator.longestVideoSeconds) == nil
        {
            return creator
        }
        let creator = try await ask()
        keep(creator, for: job.account)
        guard creator.offers(job.privacy) else {
            throw .refused(.privacyNotOffered(creator.privacyLevels))
        }
        return creator
    }

    /// The longest video that may be posted, in seconds; `nil` when TikTok did not say.
    ///
    /// - Parameter creator: `nil` for a draft.
    static func longestVideo(of creator: CreatorInfo?) -> Int64? {
        creator.map(\.longestVideoSeconds) ?? UploadLimits.draftSecondsMax
    }

    /// Makes sure that the next post of an account is preceded by a question.
    func forget(_ account: String) {
        kept.withLock { $0[account] = nil }
    }

    func recall(_ account: String, at now: ContinuousClock.Instant = .now) -> CreatorInfo? {
        kept.withLock { kept in
            guard let found = kept[account], found.end > now else { return nil }
            return found.creator
        }
    }

    func keep(
        _ creator: CreatorInfo,
        for account: String,
        at now: ContinuousClock.Instant = .now
    ) {
        kept.withLock { kept in
            if kept.count >= Self.countMax { kept = kept.filter { $0.value.end > now } }
            // Still full: to ask again is cheap.
            if kept.count >= Self.countMax { kept = [:] }
            kept[account] = Kept(creator: creator, end: now + Self.life)
        }
    }
}

extension CreatorInfo {
    fileprivate func offers(_ privacy: PrivacyLevel?) -> Bool {
        privacy.map { privacyLevels.contains($0) } ?? true
    }
}
