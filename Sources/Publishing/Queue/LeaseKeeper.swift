package import EventLoop
internal import Redis

/// Renews the leases of the jobs in hand, on a thread and a connection of its own, so that a busy
/// worker cannot lose them.
package actor LeaseKeeper {
    private struct Held {
        let lease: Lease
        let onLoss: @Sendable () -> Void
    }

    private let loop: EventLoop
    private let queue: JobQueue
    private let lease: Duration
    private var held: [String: Held] = [:]
    private var beating: Task<Void, Never>?
    private var sweeping: Task<Void, Never>?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - loop: not the loop that jobs use.
    ///   - queue: over a connection that only this keeper uses.
    package init(on loop: EventLoop, queue: JobQueue, lease: Duration) {
        self.loop = loop
        self.queue = queue
        self.lease = lease
    }

    /// Keeps a job that was just claimed; `onLoss` is called once, if it is lost.
    ///
    /// - Parameter claimedAt: when the claim was sent, not when it was answered.
    package func hold(
        _ claim: Claim,
        claimedAt: ContinuousClock.Instant,
        onLoss: @escaping @Sendable () -> Void
    ) -> Lease {
        let kept = Lease(ticket: claim.ticket, fence: claim.fence, until: claimedAt + lease)
        // Claimed again while its last turn still ran: that turn has lost it.
        if let old = held[claim.ticket] { drop(old) }
        held[claim.ticket] = Held(lease: kept, onLoss: onLoss)
        if beating == nil {
            beating = Task { await beat() }
            sweeping = Task { await sweep() }
        }
        return kept
    }

    package func release(_ lease: Lease) {
        guard let current = held[lease.ticket], current.lease.fence == lease.fence else { return }
        held[lease.ticket] = nil
    }

    /// Stops renewing; leases still held end by themselves.
    package func stop() {
        beating?.cancel()
        sweeping?.cancel()
        (beating, sweeping) = (nil, nil)
    }

    /// Three renewals fit into one lease, so one that fails is not yet a loss.
    private func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: lease / 3)  // ends early only when cancelled
            await renew()
        }
    }

    /// Finds leases that have ended by our own clock, also while a renewal hangs.
    private func sweep() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: min(lease / 10, .milliseconds(500)))  // as above
            for job in held.values where !job.lease.isHeld {
                drop(job)
            }
        }
    }

    private func renew() async {
        let asked = held.values.map(\.lease)
        guard !asked.isEmpty else { return }
        let sent = ContinuousClock.now
        // Redis away: the leases run on until their own end, which `sweep` looks after.
        guard let lost = try? await queue.beat(asked.map { ($0.ticket, $0.fence) }) else { return }
        let gone = Set(lost)
        for lease in asked where !gone.contains(lease.ticket) {
            lease.renewed(sentAt: sent, for: self.lease)
        }
        for lease in asked where gone.contains(lease.ticket) {
            if let job = held[lease.ticket], job.lease === lease { drop(job) }
        }
    }

    private func drop(_ job: Held) {
        job.lease.lose()
        held[job.lease.ticket] = nil
        job.onLoss()
    }
}
