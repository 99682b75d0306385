internal import FoundationEssentials
package import TikTok

/// Asks again about a post that ended in doubt: TikTok may know by now.
package struct Reconciliation: Sendable {
    let api: TikTokAPI
    let history: History

    /// Hours between the questions; after the last one it stays in doubt until a person knows more.
    private static let hours = [1, 3, 8, 12, 24, 24, 24, 24, 24, 24]

    package init(api: TikTokAPI, history: History) {
        self.api = api
        self.history = history
    }

    /// How long to wait before the next question; `nil`: it was asked often enough.
    static func delay(afterQuestions questions: Int) -> Duration? {
        hours.indices.contains(questions) ? .seconds(hours[questions] * 3600) : nil
    }

    /// One question.
    ///
    /// - Returns: whether the post is in doubt no more.
    func ask(
        about publishID: String,
        _ entry: History.Entry,
        token: AccessToken,
        pacer: Pacer,
        username: String?
    ) async throws(Stop) -> Bool {
        try await pacer.pass(.postStatus)
        let status: PostStatus
        do {
            status = try await api.postStatus(of: publishID, token: token)
        } catch {
            // It is in doubt as before, whatever stood in the way.
            return false
        }
        do throws(HistoryError) {
            return try await record(status, entry, username)
        } catch {
            throw Stop(error)
        }
    }

    private func record(
        _ status: PostStatus,
        _ entry: History.Entry,
        _ username: String?
    ) async throws(HistoryError) -> Bool {
        switch Outcome(success: status, username: username) {
        case .published(let postIDs, let shareURL):
            try await settle(entry, as: .published, postIDs: postIDs, shareURL: shareURL)
        case .delivered:
            try await settle(entry, as: .delivered)
        default:
            guard status.stage == .failed else { return false }
            let code = status.failReason ?? .known(.internalFault)
            let failure = Failure(verdict: code, logID: status.logID).afterLastAttempt
            try await settle(entry, as: .failed, failure)
        }
        return true
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
