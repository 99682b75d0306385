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
    /// - Parameter since: when the post came to be in doubt.
    static func delay(afterQuestions questions: Int, since: Date) -> Duration? {
        guard since + patience.seconds > .now else { return nil }
        return .seconds(hours[min(questions, hours.count - 1)] * 3600)
    }

    /// One question.
    ///
    /// - Returns: what became of the post; `nil`: it is in doubt as before.
    func ask(
        about doubted: History.Doubted,
        token: AccessToken,
        pacer: Pacer,
        username: String?
    ) async throws(Stop) -> Status? {
        try await pacer.pass(.postStatus)
        let status: PostStatus
        do {
            status = try await api.postStatus(of: doubted.publishID, token: token)
        } catch {
            // It is in doubt as before, whatever stood in the way.
            return nil
        }
        do throws(HistoryError) {
            return try await record(status, doubted.entry, username)
        } catch {
            throw Stop(error)
        }
    }

    private func record(
        _ status: PostStatus,
        _ entry: History.Entry,
        _ username: String?
    ) async throws(HistoryError) -> Status? {
        switch Outcome(success: status, username: username) {
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
