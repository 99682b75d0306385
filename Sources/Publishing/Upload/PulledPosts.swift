internal import FoundationEssentials
package import TikTok

/// Posts whose media TikTok fetches itself: photos, and videos that upstream wants pulled.
///
/// Their init posts, and TikTok knows no key that would make it safe to repeat. So it is noted
/// before it is sent, sent once, and in doubt when its answer is lost.
package struct PulledPosts: Sendable {
    private let api: TikTokAPI
    private let history: History
    private let creators: CreatorRules
    private let media: PulledMedia
    private let polling: VerdictPolling
    /// How long TikTok may take with its verdict.
    private let verdictDeadline: Duration

    package init(
        api: TikTokAPI,
        history: History,
        creators: CreatorRules,
        media: PulledMedia,
        polling: VerdictPolling,
        verdictDeadline: Duration
    ) {
        self.api = api
        self.history = history
        self.creators = creators
        self.media = media
        self.polling = polling
        self.verdictDeadline = verdictDeadline
    }

    /// Opens the post at TikTok; what comes after is the verdict's.
    func post(_ turn: Turn) async throws(Stop) -> Outcome {
        let checked = try await turn.whileGoingOn { () throws(Stop) in
            try await media.check(turn.job)
        }
        let creator = try await creators.creator(of: turn, seconds: checked.seconds)
        try checked.checkLength(most: CreatorRules.longestVideo(of: creator))
        try await turn.pacer.pass(turn.job.initEndpoint)
        try turn.checkMayBegin()
        try await start(turn)
        let used = turn.token
        let opened: OpenedPost
        do {
            opened = try await turn.whileHeld(api).open(
                PostInit(turn.job, creator, fetching: checked.addresses),
                token: used
            )
        } catch {
            return try await unopened(turn, used, error)
        }
        try await note(opened, turn)
        // A webhook may have come before anybody here knew what it was about.
        let pause = await polling.pause(for: opened.publishID, afterPolls: 0)
        return .waiting(.verdict(for: pause))
    }

    private func note(_ opened: OpenedPost, _ turn: Turn) async throws(Stop) {
        let deadline = Date.now + verdictDeadline.seconds
        do {
            try await turn.recording(evenDraining: true) { () throws(HistoryError) in
                try await history.initAnswered(
                    turn.entry,
                    publishID: opened.publishID,
                    verdictBy: deadline,
                    logID: opened.logID
                )
            }
        } catch {
            await noteLate(opened, turn.entry)
            throw error
        }
        turn.standing.mayGoOut(verdictBy: deadline)
    }

    /// Leaves the answer to whoever asks about the post in doubt.
    private func noteLate(_ opened: OpenedPost, _ entry: History.Entry) async {
        // Without it the post stays in doubt, until TikTok lists it or a person looks.
        _ = await Self.insist { () throws(HistoryError) in
            try await history.initAnsweredLate(entry, publishID: opened.publishID)
        }
    }

    /// How often a note that nobody else can make is tried, a second apart.
    private static let insistentTries = 5

    /// - Returns: whether it is written.
    private static func insist(
        _ write: @escaping @Sendable () async throws(HistoryError) -> Void
    ) async -> Bool {
        // A task of its own: the turn may have been cancelled with its lease or by a drain.
        let writing = Task { () async -> Bool in
            for _ in 0..<insistentTries {
                do throws(HistoryError) {
                    try await write()
                    return true
                } catch {
                    if case .stale = error { return false }
                    // Not cancelled by anybody; what it waits for is PostgreSQL.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            return false
        }
        return await writing.value
    }

    /// Notes that the init is about to be sent, and makes sure that it may be.
    private func start(_ turn: Turn) async throws(Stop) {
        let deadline = Date.now + verdictDeadline.seconds
        do {
            try await turn.recording { () throws(HistoryError) in
                try await history.initStarts(turn.entry, verdictBy: deadline)
            }
            // PostgreSQL may have been away for long.
            try turn.checkMayBegin()
        } catch {
            // Nothing was sent. Where that cannot be noted, whoever comes next takes the post for
            // one in doubt, which is safe.
            _ = await takeBack(turn.entry, code: nil)
            throw error
        }
        turn.standing.mayGoOut(verdictBy: deadline)
    }

    /// Notes that an init posted nothing, or was not sent.
    ///
    /// - Returns: whether that is noted.
    private func takeBack(_ entry: History.Entry, code: String?) async -> Bool {
        await Self.insist { () throws(HistoryError) in
            try await history.initRefused(entry, code: code)
        }
    }

    /// The init has brought no post that we know of: either there is surely none, or nobody knows.
    private func unopened(
        _ turn: Turn,
        _ used: AccessToken,
        _ error: TikTokError
    ) async throws(Stop) -> Outcome {
        creators.forget(turn.job.account)
        let failure = Failure(error)
        guard !error.mayHaveTakenEffect else { return .inDoubt(.initUnanswered(failure)) }
        do {
            try await turn.recording(evenDraining: true) { () throws(HistoryError) in
                try await history.initRefused(turn.entry, code: failure.code)
            }
        } catch {
            guard await takeBack(turn.entry, code: failure.code) else { throw error }
        }
        turn.standing.isNotBegun()
        // A turn that was cut off burns no attempt.
        try turn.checkHeld()
        // With another token all begins anew, once.
        if try await turn.held.replace(used, after: error) { return try await post(turn) }
        throw .tiktok(error)
    }

    /// Asks TikTok to stop a post that it still fetches: best effort, the verdict tells whether it
    /// did.
    func stop(_ publishID: String, _ turn: Turn) async throws(Stop) {
        do {
            try await turn.asking(.cancelPost) { () throws(TikTokError) in
                _ = try await api.cancelPost(publishID, token: turn.token)
            }
        } catch {
            // Refused, or without an answer: it is asked again as long as there is no verdict.
            guard case .tiktok = error else { throw error }
        }
    }
}
