internal import Synchronization

/// Proof that a job is ours, and until when.
///
/// Ends by our own monotonic clock before it ends in Redis, so that a worker that was stopped or
/// cut off never acts on a job that is another's.
package final class Lease: Sendable {
    package let ticket: String
    package let fence: Int64
    private let end: Mutex<ContinuousClock.Instant?>

    /// How much earlier the lease ends here than in Redis: covers the way of the last renewal.
    static let margin = Duration.seconds(1)

    init(ticket: String, fence: Int64, until end: ContinuousClock.Instant) {
        self.ticket = ticket
        self.fence = fence
        self.end = Mutex(end)
    }

    /// Whether the job is still ours.
    ///
    /// Ask immediately before each call that cannot be taken back.
    package var isHeld: Bool {
        end.withLock { end in end.map { ContinuousClock.now < $0 - Self.margin } ?? false }
    }

    /// Says that a renewal sent at `sent` was granted; a lost lease stays lost.
    func renewed(sentAt sent: ContinuousClock.Instant, for duration: Duration) {
        end.withLock { end in
            if end != nil { end = sent + duration }
        }
    }

    func lose() {
        end.withLock { $0 = nil }
    }
}
