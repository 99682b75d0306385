@testable import Publishing

/// Claims, beats and recoveries.
extension QueueModelRecord {
    mutating func claimed(
        _ caught: JobQueue.Catch,
        from queue: String,
        on terms: JobQueue.Terms
    ) throws(QueueModelViolation) {
        if isPaused(.queue(queue)) {
            count("claims from a paused queue")
            return try unless(caught.jobs.isEmpty, "claimed from a paused queue")
        }
        try unless(caught.pause == nil, "told of a pause that nobody made")
        try unless(caught.jobs.count <= terms.most, "more jobs than asked for")
        var kinds: [Bool] = []
        for claim in caught.jobs {
            kinds.append(tickets[claim.ticket] == nil)
            // A Redis that is behind the worker leaves out a thousand.
            let next = lastFence < terms.seenFence ? terms.seenFence + 1000 : lastFence + 1
            try unless(claim.fence == next, "fence \(claim.fence), not \(next)")
            try claimed(claim, queue, statusCalls: terms.statusCallsPerMinute)
        }
        let order = terms.fresh == .first ? [true, false] : [false, true]
        let sorted = order.flatMap { kind in kinds.filter { $0 == kind } }
        try unless(kinds == sorted, "fresh ones \(terms.fresh), yet \(kinds)")
        try checkNextTimer(caught.nextTimer, of: [queue])
        if caught.jobs.count < terms.most {
            try checkNothingLeft(in: queue, besidesTimers: caught.nextTimer == .zero)
        }
    }

    private mutating func claimed(
        _ claim: Claim,
        _ queue: String,
        statusCalls: Int
    ) throws(QueueModelViolation) {
        count("claims")
        try unless(claim.fence > highestFence, "fence \(claim.fence) after \(highestFence)")
        (highestFence, lastFence) = (claim.fence, claim.fence)
        let text = String(decoding: claim.document, as: UTF8.self)
        if tickets[claim.ticket] == nil { try takeFresh(claim, queue, text) }
        guard var ticket = tickets[claim.ticket] else { return }
        let name = claim.ticket
        try unless(pushes[text] == ticket.push, "\(name) has another's document")
        try unless(ticket.queue == queue, "\(name) of \(ticket.queue) came from \(queue)")
        try unless(ticket.fence == nil, "\(name) is another worker's")
        try unless(!ticket.isDead, "\(name) is a dead letter")
        try unless((ticket.due ?? 0) <= now, "\(name) came \((ticket.due ?? 0) - now) ms early")
        ticket.deliveries += 1
        try unless(
            claim.deliveries == ticket.deliveries && claim.attempts == ticket.attempts
                && claim.stage == ticket.stage && claim.polls == ticket.polls,
            "\(name) came as \(claim), not as it was left: \(ticket)"
        )
        ticket.fence = claim.fence
        ticket.leaseEnd = now + QueueModelRules.lease.milliseconds
        ticket.due = nil
        tickets[name] = ticket
        if claim.killsWorkers { count("killers") }
        if ticket.stage == .watch, let account = ticket.account {
            try noteCall("post_status", account, atMost: statusCalls)
        }
    }

    /// The oldest of what woke a worker comes first, then the oldest of the most urgent list.
    private mutating func takeFresh(
        _ claim: Claim,
        _ queue: String,
        _ text: String
    ) throws(QueueModelViolation) {
        let place = upstream[queue]?.firstIndex { !$0.isEmpty }
        guard let place, let next = upstream[queue]?[place].popLast() else {
            throw QueueModelViolation(description: "\(claim.ticket) came from nowhere")
        }
        try unless(next == text, "took \(text) before \(next)")
        tickets[claim.ticket] = Ticket(push: pushes[text] ?? -1, queue: queue)
    }

    /// Whoever got less than asked for has got all there was.
    ///
    /// Jobs whose timer is due may be left behind verdicts that had to be put off.
    private func checkNothingLeft(
        in queue: String,
        besidesTimers: Bool
    ) throws(QueueModelViolation) {
        let left = upstream[queue]?.joined().count ?? 0
        try unless(left == 0, "\(left) documents of \(queue) were left")
        guard !besidesTimers else { return }
        let late = tickets.first { _, ticket in
            ticket.queue == queue && ticket.fence == nil && ticket.stage != .watch
                && !ticket.isDead && (ticket.due ?? .max) <= now
        }
        try unless(late == nil, "\(late?.key ?? "") is due and was left")
    }

    // MARK: Leases

    mutating func beaten(
        _ held: [QueueModelHeld],
        _ beat: JobQueue.Beat
    ) throws(QueueModelViolation) {
        var lost: [String] = []
        var cancelled: [String] = []
        for job in held {
            let name = job.claim.ticket
            guard isCurrent(job.claim) else {
                lost.append(name)
                continue
            }
            tickets[name]?.leaseEnd = now + QueueModelRules.lease.milliseconds
            if let id = tickets[name]?.id, cancels[id] != nil { cancelled.append(name) }
        }
        count("beats")
        tally["lost, says a beat", default: 0] += lost.count
        tally["cancelled, says a beat", default: 0] += cancelled.count
        try unless(beat.lost == lost, "lost \(beat.lost), not \(lost)")
        try unless(beat.cancelled == cancelled, "to cancel \(beat.cancelled), not \(cancelled)")
    }

    mutating func recovered(
        _ count: Int,
        nextTimer: Duration?
    ) throws(QueueModelViolation) {
        let ended = tickets.filter { $0.value.fence != nil && $0.value.leaseEnd <= now }
            .sorted { ($0.value.leaseEnd, $0.key) < ($1.value.leaseEnd, $1.key) }
            .prefix(JobQueue.recoveredMax)
        try unless(ended.count == count, "recovered \(count) jobs, not \(ended.count)")
        for (ticket, _) in ended {
            tickets[ticket]?.fence = nil
            tickets[ticket]?.isRunning = false
        }
        tally["recovered", default: 0] += count
        try checkNextTimer(nextTimer, of: rules.queues)
    }

    mutating func survived(_ claim: Claim) {
        count("survived")
        if isCurrent(claim) {
            release(claim.ticket)
        } else if let ticket = tickets[claim.ticket], ticket.deliveries > 0,
            ticket.survived != claim.fence
        {
            tickets[claim.ticket]?.deliveries = ticket.deliveries - 1
            tickets[claim.ticket]?.survived = claim.fence
        }
    }
}
