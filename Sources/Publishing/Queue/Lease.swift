internal import Synchronization

/// Proof that a job is ours, and until when.
///
/// Ends by our own monotonic clock before it ends in Redis, so that a worker that was stopped or
/// cut off never acts on a job that is another's.
package final class Lease: Sendable {
    package let ticket: String
    package let fence: Int64
    private let state: Mutex<State>

    private struct State {
        /// `nil`: lost, or given up.
        var end: ContinuousClock.Instant?
        var isGivenUp = false
        var isCancelAsked = false
    }

    /// How much earlier the lease ends here than in Redis: covers the way of the last renewal.
    static let margin = Duration.seconds(1)

    init(ticket: String, fence: Int64, until end: ContinuousClock.Instant) {
        self.ticket = ticket
        self.fence = fence
        state = Mutex(State(end: end))
    }

    /// Whether the job is still ours.
    ///
    /// Ask immediately before each call that cannot be taken back.
    package var isHeld: Bool {
        state.withLock { $0.end.map { ContinuousClock.now < $0 - Self.margin } ?? false }
    }

    /// Whether we ended it ourselves: the queue keeps the job elsewhere now.
    package var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    /// Whether somebody wants the job to stop.
    package var isCancelAsked: Bool { state.withLock { $0.isCancelAsked } }

    func giveUp() {
        state.withLock { state in
            state.end = nil
            state.isGivenUp = true
        }
    }

    func askToCancel() {
        state.withLock { $0.isCancelAsked = true }
    }

    /// Says that a renewal sent at `sent` was granted; a lost lease stays lost.
    func renewed(sentAt sent: ContinuousClock.Instant, for duration: Duration) {
        state.withLock { state in
            if state.end != nil { state.end = sent + duration }
        }
    }

    func lose() {
        state.withLock { $0.end = nil }
    }
}
