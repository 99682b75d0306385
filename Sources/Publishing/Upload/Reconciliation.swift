internal import FoundationEssentials
package import TikTok

/// Asks again about a post that ended in doubt: TikTok may know by now.
package struct Reconciliation: Sendable {
    let api: TikTokAPI
    let history: History

    /// Hours between the questions; the last goes for all that follow.
    private static let hours = [1, 3, 8, 12, 24]
    /// After this it stays in doubt until a person knows more.
    private static let patience = Duration.seconds(7 * 86_400)

    package init(api: TikTokAPI, history: History) {
        self.api = api
        self.history = history
    }

    /// How long to wait before the next question; `nil`: it was asked for long enough.
    ///
    /// - Parameters:
    ///   - since: when the post came to be in doubt.
    ///   - isHooked: whether webhooks come in: one that names the post may have come before.
    static func delay(
        afterQuestions questions: Int,
        since: Date,
        isHooked: Bool
    ) -> Duration? {
        guard since + patience.seconds > .now else { return nil }
        guard questions > 0 || !isHooked else { return .seconds(60) }
        return .seconds(hours[min(questions, hours.count - 1)] * 3600)
    }

    /// One question.
    ///
    /// - Returns: what became of the post; `nil`: it is in doubt as before.
    func ask(
        about doubted: History.Doubted,
        _ job: PublishJob,
        _ account: Account,
        token: AccessToken,
        pacer: Pacer
    ) async throws(Stop) -> Status? {
        switch doubted.clue {
        case .publishID(let publishID):
            return try await ask(publishID, doubted.entry, job, account, token, pacer)
        case .initStarted(let began):
            let adopted: String?
            do throws(HistoryError) {
                adopted = try await history.adopt(for: job, doubted.entry)
            } catch {
                throw Stop(error)
            }
            if let adopted {
                return try await ask(adopted, doubted.entry, job, account, token, pacer)
            }
            guard account.scopes.contains(Self.listScope), Recognition.isPossible(for: job) else {
                return nil
            }
            do throws(HistoryError) {
                return try await look(for: job, doubted.entry, account, began, token)
            } catch {
                throw Stop(error)
            }
        }
    }

    // MARK: Posts with a publish id

    private func ask(
        _ publishID: String,
        _ entry: History.Entry,
        _ job: PublishJob,
        _ account: Account,
        _ token: AccessToken,
        _ pacer: Pacer
    ) async throws(Stop) -> Status? {
        try await pacer.pass(.postStatus)
        let status: PostStatus
        do {
            status = try await api.postStatus(of: publishID, token: token)
        } catch {
            // It is in doubt as before, whatever stood in the way.
            return nil
        }
        do throws(HistoryError) {
            return try await record(status, entry, job.content.kind, account.username)
        } catch {
            throw Stop(error)
        }
    }

    // MARK: Posts without a publish id

    /// The scope that lets the account's public posts be listed.
    private static let listScope = "video.list"

    /// Pages of 20 that are looked through; beyond, the post is too far back.
    private static let pagesMax = 10

    /// Looks for the post among those that the account shows to everybody.
    private func look(
        for job: PublishJob,
        _ entry: History.Entry,
        _ account: Account,
        _ began: Date,
        _ token: AccessToken
    ) async throws(HistoryError) -> Status? {
        let recognition = Recognition(job, initStartedAt: began)
        guard let listed = await list(back: recognition, token) else { return nil }
        let candidates = recognition.candidates(in: listed)
        let known = try await history.knownPosts(candidates.map(\.id.text))
        let unknown = candidates.filter { !known.contains($0.id.text) }
        guard unknown.count == 1, let post = unknown.first,
            try await !history.hasTwin(job, since: began)
        else { return nil }
        let link = post.shareURL ?? job.content.kind.link(to: post.id, by: account.username)
        try await settle(entry, as: .published, postIDs: [post.id.text], shareURL: link)
        return .published
    }

    /// - Returns: `nil` when TikTok does not list everything since the post may have been made.
    private func list(back recognition: Recognition, _ token: AccessToken) async -> [ListedVideo]? {
        var listed: [ListedVideo] = []
        var cursor: Int64?
        for _ in 0..<Self.pagesMax {
            // Without an answer it is in doubt as before.
            guard let page = try? await api.videoList(after: cursor, token: token) else {
                return nil
            }
            listed += page.videos
            guard let next = page.nextCursor else { return listed }
            if let last = page.videos.last, recognition.isPast(last) { return listed }
            cursor = next
        }
        return nil
    }

    // MARK: What TikTok said

    private func record(
        _ status: PostStatus,
        _ entry: History.Entry,
        _ kind: PublishJob.Kind,
        _ username: String?
    ) async throws(HistoryError) -> Status? {
        switch Outcome(success: status, of: kind, username: username) {
        case .published(let postIDs, let shareURL):
            try await settle(entry, as: .published, postIDs: postIDs, shareURL: shareURL)
            return .published
        case .delivered:
            try await settle(entry, as: .delivered)
            return .delivered
        default:
            guard status.stage == .failed else { return nil }
            let code = status.failReason ?? .known(.internalFault)
            let failure = Failure(verdict: code, logID: status.logID).afterLastAttempt
            try await settle(entry, as: .failed, failure)
            return .failed
        }
    }

    private func settle(
        _ entry: History.Entry,
        as status: Status,
        _ failure: Failure? = nil,
        postIDs: [String] = [],
        shareURL: String? = nil
    ) async throws(HistoryError) {
        try await history.reconciled(
            entry,
            as: status,
            failure: failure,
            postIDs: postIDs,
            shareURL: shareURL
        )
    }
}
