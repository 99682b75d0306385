/// How long to wait before TikTok is asked again what became of a post.
///
/// TikTok says that 512 MB take under 30 s and 1 GB about a minute (Get Post Status page, stamped
/// 2026-08-04), and promises no bound; 30 questions a minute are allowed for an account.
package struct VerdictPolling: Sendable {
    private let history: History
    /// Whether TikTok's webhooks come in here.
    private let isHooked: Bool

    package init(history: History, isHooked: Bool) {
        self.history = history
        self.isHooked = isHooked
    }

    /// After an upload, or an init that posts by itself, and between two questions.
    ///
    /// With webhooks it is only asked in case one is lost, until one has come: then its word may be
    /// ahead of what TikTok answers.
    func pause(for publishID: String, afterPolls polls: Int) async -> Duration {
        guard isHooked else { return Self.delay(afterPolls: polls) }
        // Where PostgreSQL does not say, it is asked later, and no less surely.
        let isAnnounced = (try? await history.isAnnounced(publishID)) ?? false
        return isAnnounced ? Self.delay(afterPolls: polls) : Self.rareDelay(afterPolls: polls)
    }

    /// The same before the first question, where a webhook that came meanwhile is the queue's to
    /// know.
    var firstPause: Duration {
        isHooked ? Self.rareDelay(afterPolls: 0) : Self.delay(afterPolls: 0)
    }

    /// A quarter of a minute, then twice as long each time, up to a quarter of an hour: should no
    /// webhook ever come, an outcome is known after twice the time that TikTok took.
    static func rareDelay(afterPolls polls: Int) -> Duration {
        min(.seconds(15 << min(max(polls, 0), 6)), .seconds(900))
    }

    /// - Parameter polls: how often it was asked already.
    static func delay(afterPolls polls: Int) -> Duration {
        switch polls {
        case ..<1: .seconds(1)
        case ..<3: .seconds(2)
        case ..<8: .seconds(5)
        case ..<40: .seconds(15)
        case ..<60: .seconds(60)
        default: .seconds(300)
        }
    }
}
