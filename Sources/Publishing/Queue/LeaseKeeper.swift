package import EventLoop
internal import Redis
internal import Synchronization

/// Renews the leases of the jobs in hand, on a thread and a connection of its own, so that a busy
/// worker cannot lose them; and says that the worker lives, also when it has no jobs.
package actor LeaseKeeper {
    private struct Held {
        let lease: Lease
        let onLoss: @Sendable () -> Void
    }

    private let loop: EventLoop
    private let queue: JobQueue
    private let duration: Duration
    private let desk: Desk
    /// By ticket.
    ///
    /// Behind a lock, so that a job costs no change of threads.
    private nonisolated let held = Mutex<[String: Held]>([:])
    private var running: [Task<Void, Never>] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - loop: not the loop that jobs use.
    ///   - queue: over a connection that only this keeper uses.
    ///   - lease: how long a lease lasts without being renewed.
    ///   - desk: what this worker is doing, to be shown beside its sign of life.
    package init(on loop: EventLoop, queue: JobQueue, lease: Duration, desk: Desk) {
        self.loop = loop
        self.queue = queue
        self.desk = desk
        duration = lease
    }

    /// Begins to beat; until `stop`.
    package func start() {
        guard running.isEmpty else { return }
        running = [Task { await beat() }, Task { await sweep() }]
    }

    /// Stops renewing; leases still held end by themselves.
    package func stop() async {
        for task in running { task.cancel() }
        running = []
        // Only shown to people: silence takes it off their list as well, a little later.
        try? await queue.leave(desk.worker)
    }

    /// Keeps a job that was just claimed; `onLoss` is called once, if it is lost.
    package nonisolated func hold(
        _ claim: Claim,
        onLoss: @escaping @Sendable () -> Void
    ) -> Lease {
        let lease = Lease(
            ticket: claim.ticket,
            fence: claim.fence,
            until: claim.claimedAt + duration
        )
        let old = held.withLock { held in
            defer { held[claim.ticket] = Held(lease: lease, onLoss: onLoss) }
            return held[claim.ticket]
        }
        // Claimed again while its last turn still ran: that turn has lost it.
        if let old { Self.lose(old) }
        return lease
    }

    package nonisolated func release(_ lease: Lease) {
        held.withLock { held in
            guard held[lease.ticket]?.lease === lease else { return }
            held[lease.ticket] = nil
        }
    }

    // MARK: The heart

    /// Three renewals fit into one lease, so one that fails is not yet a loss.
    private func beat() async {
        while !Task.isCancelled {
            await renew()
            try? await Task.sleep(for: duration / 3)  // ends early only when cancelled
        }
    }

    /// Finds leases that have ended by our own clock, also while a renewal hangs.
    private func sweep() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: min(duration / 10, .milliseconds(500)))  // as above
            for job in held.withLock({ Array($0.values) })
            where !job.lease.isHeld && !job.lease.isGivenUp {
                drop(job)
            }
        }
    }

    private func renew() async {
        let asked = held.withLock { $0.values.filter { !$0.lease.isGivenUp } }
        let sent = ContinuousClock.now
        let pairs = asked.map { (ticket: $0.lease.ticket, fence: $0.lease.fence) }
        // Redis away: the leases run on until their own end, which `sweep` looks after.
        guard let answer = try? await queue.beat(pairs, worker: desk.worker, state: desk.state)
        else { return }
        let (lost, cancelled) = (Set(answer.lost), Set(answer.cancelled))
        for job in asked where !lost.contains(job.lease.ticket) {
            job.lease.renewed(sentAt: sent, for: duration)
            if cancelled.contains(job.lease.ticket) { job.lease.askToCancel() }
        }
        for job in asked where lost.contains(job.lease.ticket) && !job.lease.isGivenUp {
            drop(job)
        }
    }

    private func drop(_ job: Held) {
        release(job.lease)
        Self.lose(job)
    }

    private static func lose(_ job: Held) {
        job.lease.lose()
        job.onLoss()
    }
}
