@testable import Publishing

/// Settlements, and what people do.
extension QueueModelRecord {
    mutating func settled(
        _ claim: Claim,
        as settlement: Settlement,
        _ isOurs: Bool
    ) throws(QueueModelViolation) {
        let isCurrent = isCurrent(claim)
        try unless(isOurs == isCurrent, "holds \(isCurrent), settles \(isOurs)")
        count(isCurrent ? "settle: \(settlement.verb)" : "settle: stale")
        guard isCurrent, let ticket = tickets[claim.ticket] else { return }
        release(claim.ticket)
        if let account = ticket.account {
            if settlement.givesPostBack { giveBack(claim.ticket, account) }
            let end = now + settlement.holdAccount.milliseconds
            if end > now { holds[account] = max(end, isHeld(account) ? holds[account] ?? 0 : 0) }
            if settlement.slot == .freed { freeSlot(account, claim.ticket) }
        }
        switch settlement.verb {
        case "done":
            if let id = ticket.id { cancels[id] = nil }
            consume(claim.ticket)
        case "dead":
            if let id = ticket.id { cancels[id] = nil }
            tickets[claim.ticket]?.isDead = true
            tickets[claim.ticket]?.attempts = settlement.attempts
            tickets[claim.ticket]?.diedAt = now
            dropOldDeadLetters()
        default:
            let delay = settlement.delay.milliseconds
            tickets[claim.ticket]?.stage = settlement.stage
            tickets[claim.ticket]?.polls = settlement.polls
            tickets[claim.ticket]?.attempts = settlement.attempts
            tickets[claim.ticket]?.due = delay > 0 ? now + delay : nil
            guard let account = ticket.account else { return }
            // Asked to stop meanwhile: its next turn, which begins at once, ends it.
            if settlement.stage == .post, let id = ticket.id, cancels[id] != nil {
                tickets[claim.ticket]?.due = nil
                return
            }
            if settlement.verb == "line" { standInLine(claim.ticket, account) }
            // Who has no slot to keep asks admission at once.
            let isOwner = slots[account]?.contains(claim.ticket) ?? false
            if settlement.slot == .kept, !isOwner { tickets[claim.ticket]?.due = nil }
        }
    }

    /// A slot that has become free since is taken at once.
    private mutating func standInLine(_ ticket: String, _ account: String) {
        if slots[account]?.count ?? 0 < rules.limits.concurrency {
            slots[account, default: []].insert(ticket)
        } else {
            lines[account, default: []].append(ticket)
        }
    }

    /// They end after 90 days, a few at a time.
    private mutating func dropOldDeadLetters() {
        let old = tickets.filter { $0.value.isDead && $0.value.diedAt <= now - 90 * day }
            .sorted { ($0.value.diedAt, $0.key) < ($1.value.diedAt, $1.key) }
        for (name, ticket) in old.prefix(10) {
            if let id = ticket.id { cancels[id] = nil }
            consume(name)
        }
    }

    private var day: Int64 { QueueModelRules.day }

    private mutating func giveBack(_ ticket: String, _ account: String) {
        for kind in ["post", "draft"] where begun["\(kind):\(account)"]?[ticket] != nil {
            begun["\(kind):\(account)"]?[ticket] = nil
            count("given back")
        }
    }

    // MARK: People

    mutating func cancelled(
        _ id: String,
        _ answer: JobQueue.Cancelling
    ) throws(QueueModelViolation) {
        count("cancel: \(answer.rawValue)")
        cancels = cancels.filter { $0.value > now - 7 * QueueModelRules.day }
        let expected: JobQueue.Cancelling
        if let owner = owner(of: id) {
            if let ticket = tickets[owner], !ticket.isDead, ticket.stage != .reconcile {
                expected = ticket.fence == nil ? .waiting : .running
                if ticket.fence == nil {
                    tickets[owner]?.due = nil
                    if let account = ticket.account { lines[account]?.removeAll { $0 == owner } }
                }
            } else {
                expected = .ended
            }
        } else {
            expected = .unseen
        }
        if expected != .ended { cancels[id] = now }
        try unless(answer == expected, "cancelling \(id): \(answer), not \(expected)")
    }

    mutating func resumed(
        _ subject: Pauses.Subject,
        _ hadEffect: Bool
    ) throws(QueueModelViolation) {
        var isThere = pauses[subject.key].map { stands($0) } ?? false
        pauses[subject.key] = nil
        if case .account(let account) = subject {
            isThere = isThere || isHeld(account)
            holds[account] = nil
            // Those with slots are woken.
            for name in slots[account] ?? [] { tickets[name]?.due = nil }
        }
        try unless(hadEffect == isThere, "resumed \(subject): \(hadEffect), not \(isThere)")
    }

    mutating func revived(_ name: String, _ isRevived: Bool) throws(QueueModelViolation) {
        guard let ticket = tickets[name] else {
            return try unless(!isRevived, "revived \(name), which is gone")
        }
        if ticket.isDead { try unless(isRevived, "a dead letter was not revived") }
        let isInDoubt = ticket.stage == .reconcile && ticket.fence == nil
        if !ticket.isDead, !isInDoubt { try unless(!isRevived, "revived \(name) for no reason") }
        guard isRevived else { return }
        count("revived")
        var fresh = Ticket(push: ticket.push, queue: ticket.queue)
        (fresh.id, fresh.account) = (ticket.id, ticket.account)
        fresh.hasBegun = ticket.hasBegun
        if let id = ticket.id { cancels[id] = nil }
        tickets[name] = fresh
    }

    mutating func purged(_ name: String, _ isPurged: Bool) throws(QueueModelViolation) {
        let isDead = tickets[name]?.isDead ?? false
        try unless(isPurged == isDead, "purged \(name): \(isPurged), dead: \(isDead)")
        guard isDead else { return }
        count("purged")
        consume(name)
    }
}
