import TikTok

@testable import Publishing

/// Settlements, and what people do.
extension QueueModelRecord {
    mutating func settled(
        _ claim: Claim,
        as settlement: Settlement,
        _ isOurs: Bool,
        _ uncalled: [Endpoint] = []
    ) throws(QueueModelViolation) {
        let isCurrent = isCurrent(claim)
        try unless(isOurs == isCurrent, "holds \(isCurrent), settles \(isOurs)")
        count(isCurrent ? "settle: \(settlement.verb)" : "settle: stale")
        guard isCurrent, let ticket = tickets[claim.ticket] else { return }
        release(claim.ticket)
        if let account = ticket.account, let lane = ticket.lane {
            uncall(uncalled, account, at: begun[lane]?[claim.ticket])
            if settlement.givesPostBack { giveBack(claim.ticket, lane) }
            stops(claim.ticket, account)
            let end = now + settlement.holdAccount.milliseconds
            if end > now { holds[lane] = max(end, isHeld(lane) ? holds[lane] ?? 0 : 0) }
            if settlement.slot == .freed { freeSlot(lane, claim.ticket) }
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
        default: park(claim.ticket, settlement, woken: ticket.woken, claim.fence)
        }
    }

    /// Calls that admission counted and nobody made leave the account's minute.
    private mutating func uncall(_ endpoints: [Endpoint], _ account: String, at time: Int64?) {
        guard let time, time > now - day else { return }
        for endpoint in endpoints {
            let key = "\(endpoint.rawValue):\(account)"
            guard let index = calls[key]?.lastIndex(of: time) else { continue }
            calls[key]?.remove(at: index)
            count("calls given back")
        }
    }

    private mutating func park(
        _ name: String,
        _ settlement: Settlement,
        woken: String?,
        _ fence: Int64
    ) {
        guard var ticket = tickets[name] else { return }
        let delay = settlement.delay.milliseconds
        (ticket.stage, ticket.polls) = (settlement.stage, settlement.polls)
        (ticket.attempts, ticket.reason) = (settlement.attempts, settlement.reason)
        ticket.due = delay > 0 ? now + delay : nil
        defer { tickets[name] = ticket }
        guard let lane = ticket.lane else { return }
        // Asked to stop meanwhile: its next turn, which begins at once, ends it.
        let isHandedBack = settlement.slot == .untouched
        if settlement.stage == .post, !isHandedBack, let id = ticket.id, cancels[id] != nil {
            ticket.due = nil
            return
        }
        if settlement.verb == "line" {
            ticket.lined = fence
            standInLine(name, lane, fence)
        }
        // Who has no slot to keep asks admission at once, and whom something concerns.
        let isOwner = slots[lane]?.contains(name) ?? false
        let isWoken = woken.map { $0 == "*" || $0 == settlement.reason } ?? false
        if settlement.slot == .kept, !isOwner || isWoken { ticket.due = nil }
    }

    /// Whoever waits for the account's transfers may go on.
    private mutating func stops(_ ticket: String, _ account: String) {
        guard running[account]?.remove(ticket) != nil else { return }
        for lane in Self.lanes(of: account) { ring(lane, onlyFor: "account_busy") }
    }

    /// A slot that has become free since is taken at once.
    private mutating func standInLine(_ ticket: String, _ lane: String, _ fence: Int64) {
        guard slots[lane]?.count ?? 0 >= rules.limits.concurrency else {
            slots[lane, default: []].insert(ticket)
            return
        }
        var line = lines[lane] ?? []
        // Those that were claimed later stand behind it.
        let last = line.lastIndex { tickets[$0]?.lined ?? 0 < fence }
        line.insert(ticket, at: last.map { $0 + 1 } ?? 0)
        lines[lane] = line
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

    private mutating func giveBack(_ ticket: String, _ lane: String) {
        guard begun[lane]?.removeValue(forKey: ticket) != nil else { return }
        count("given back")
        ring(lane, onlyFor: lane.hasPrefix("post:") ? "daily_limit" : "draft_limit")
    }

    // MARK: People

    mutating func cancelled(
        _ id: String,
        _ answer: JobQueue.Cancelling
    ) throws(QueueModelViolation) {
        count("cancel: \(answer.rawValue)")
        forgetOldCancels()
        let expected: JobQueue.Cancelling
        if let owner = owner(of: id) {
            if let ticket = tickets[owner], !ticket.isDead, ticket.stage != .reconcile {
                expected = ticket.fence == nil ? .waiting : .running
                if ticket.fence == nil {
                    tickets[owner]?.due = nil
                    if let lane = ticket.lane { lines[lane]?.removeAll { $0 == owner } }
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

    /// Those of jobs that wait still begin another week.
    private mutating func forgetOldCancels() {
        let old = cancels.filter { $0.value <= now - 7 * QueueModelRules.day }
            .sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (id, _) in old.prefix(20) { cancels[id] = owner(of: id) == nil ? nil : now }
    }

    mutating func paused(_ subject: Pauses.Subject, until end: Int64?) {
        pauses[subject.key] = .some(end)
        guard case .account(let account) = subject else { return }
        for lane in Self.lanes(of: account) { ring(lane) }
    }

    mutating func resumed(
        _ subject: Pauses.Subject,
        _ hadEffect: Bool
    ) throws(QueueModelViolation) {
        var isThere = pauses[subject.key].map { stands($0) } ?? false
        pauses[subject.key] = nil
        if case .account(let account) = subject {
            for lane in Self.lanes(of: account) {
                isThere = isThere || isHeld(lane)
                holds[lane] = nil
                ring(lane)
            }
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
        (fresh.id, fresh.account, fresh.lane) = (ticket.id, ticket.account, ticket.lane)
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
