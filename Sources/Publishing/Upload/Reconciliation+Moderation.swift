internal import TikTok

/// Posts that are out while TikTok's moderation holds their ids back.
///
/// Moderation usually takes less than a minute and may take hours (Get Post Status page, stamped
/// 2026-08-04); until then `publicaly_available_post_id` is empty.
extension Reconciliation {
    /// Minutes between the questions; after the last, the row stays without an id.
    private static let idMinutes = [1, 5, 30, 120, 360, 720, 1440]
    /// The same where webhooks come in, which tell it by themselves: in case one is lost.
    private static let hookedIDMinutes = [30, 360, 1440]

    /// How long to wait before the next question; `nil`: it was asked often enough.
    static func idDelay(afterQuestions questions: Int, isHooked: Bool) -> Duration? {
        let minutes = isHooked ? hookedIDMinutes : idMinutes
        guard minutes.indices.contains(questions) else { return nil }
        return .seconds(minutes[questions] * 60)
    }

    /// One question; writes what it brings.
    ///
    /// - Returns: whether the row has the post's ids now.
    func askForIDs(
        of publishID: String,
        _ job: PublishJob,
        _ account: Account,
        token: AccessToken,
        pacer: Pacer
    ) async throws(Stop) -> Bool {
        try await pacer.pass(.postStatus)
        let status: PostStatus
        do {
            status = try await api.postStatus(of: publishID, token: token)
        } catch {
            // A drain that cuts the question off has not asked it; any other trouble has.
            guard !Task.isCancelled else { throw .draining }
            return false
        }
        guard let first = status.postIDs.first else { return false }
        let news = History.PostNews(
            jobID: job.id,
            publishID: publishID,
            postIDs: status.postIDs.map(\.text),
            link: job.content.kind.link(to: first, by: account.username),
            source: .status
        )
        do throws(HistoryError) {
            try await history.show(news)
        } catch {
            throw Stop(error)
        }
        return true
    }
}
