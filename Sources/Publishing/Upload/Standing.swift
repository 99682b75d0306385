internal import FoundationEssentials
internal import Synchronization

/// What a turn knows of its post at TikTok: decides what a later stop may be taken for.
///
/// From the moment the last chunk, or an init that posts by itself, is about to be sent, the post
/// may go live whatever we see of it; then only TikTok's verdict can say that it failed.
final class Standing: Sendable {
    private struct State {
        var deadline: Date?
        var mayCount: Bool
    }

    private let state: Mutex<State>

    init(_ ledger: Ledger) {
        let deadline = ledger.verdictDeadline
        state = Mutex(State(deadline: deadline, mayCount: deadline != nil))
    }

    /// Until when TikTok is asked for its verdict; `nil` while the post cannot be out.
    var verdictDeadline: Date? { state.withLock { $0.deadline } }

    /// Whether TikTok may count the post against the account's daily limit.
    var mayCount: Bool { state.withLock { $0.mayCount } }

    /// What publishes the post is about to be sent, and PostgreSQL knows it.
    func mayGoOut(verdictBy deadline: Date) {
        state.withLock { $0 = State(deadline: deadline, mayCount: true) }
    }

    /// TikTok said that it still waits for bytes: the post is not out.
    func bytesAreMissing() {
        state.withLock { $0.deadline = nil }
    }

    /// The init that would have posted it was refused, or never sent: TikTok knows of no post.
    func isNotBegun() {
        state.withLock { $0 = State(deadline: nil, mayCount: false) }
    }
}
