import Foundation
@testable import Publishing
import TikTok

/// Admission's answers, and the calls to TikTok.
extension QueueModelRecord {
    mutating func admitted(
        _ claim: Claim,
        _ job: PublishJob,
        needsSlot: Bool,
        _ answer: Admission.Answer
    ) throws(QueueModelViolation) {
        count("admit: \(answer.name)")
        guard isCurrent(claim) else {
            return try unless(answer == .stale, "a stale fence was answered \(answer)")
        }
        try unless(answer != .stale, "the holder was called stale")
        try unless(answer != .overRate, "a job without a rate is over it")
        let owner = owner(of: job.id)
        let isTaken = owner != nil && owner != claim.ticket
        try unless((answer == .duplicate) == isTaken, "id of \(owner ?? "nobody"): \(answer)")
        if isTaken { return }
        if owner == nil { owners[job.id] = (claim.ticket, nil) }
        tickets[claim.ticket]?.id = job.id
        tickets[claim.ticket]?.account = job.account
        tickets[claim.ticket]?.lane = job.lane
        guard needsSlot else { return try unless(answer == .run, "asked for no slot: \(answer)") }
        let isCancelled = cancels[job.id] != nil
        try unless((answer == .cancelled) == isCancelled, "cancelled \(isCancelled): \(answer)")
        if isCancelled { return }
        try checkEnds(claim, job, answer)
        if answer == .expired { return }
        if answer.reason != .schedule { try takeSlot(claim, job, answer) }
        switch answer {
        case .run: try runs(claim, job)
        case .wait(let wait): try waits(claim, job, wait)
        case .expired, .cancelled, .duplicate, .stale, .overRate: break
        }
    }

    /// Only who finds no slot is told that the account is busy.
    private mutating func takeSlot(
        _ claim: Claim,
        _ job: PublishJob,
        _ answer: Admission.Answer
    ) throws(QueueModelViolation) {
        let owners = slots[job.lane] ?? []
        let isBusy =
            !owners.contains(claim.ticket) && owners.count >= rules.limits.concurrency
        try unless(answer.standsInLine == isBusy, "busy \(isBusy): \(answer)")
        if !isBusy { slots[job.lane, default: []].insert(claim.ticket) }
    }

    /// So many of an account transfer, whatever their lanes.
    private mutating func takesTransfer(
        _ claim: Claim,
        _ job: PublishJob
    ) throws(QueueModelViolation) {
        running[job.account, default: []].insert(claim.ticket)
        let count = running[job.account]?.count ?? 0
        try unless(count <= rules.limits.concurrency, "\(count) of \(job.account) run")
    }

    private func othersTransfer(_ claim: Claim, _ job: PublishJob) -> Bool {
        let others = (running[job.account] ?? []).subtracting([claim.ticket])
        return others.count >= rules.limits.concurrency
    }

    private func checkEnds(
        _ claim: Claim,
        _ job: PublishJob,
        _ answer: Admission.Answer
    ) throws(QueueModelViolation) {
        let isOver = job.expiresAt.map { Self.milliseconds($0) <= now } ?? false
        let hasBegun = tickets[claim.ticket]?.hasBegun ?? false
        if !isOver { try unless(answer != .expired, "expired before its time") }
        // One that began more than a day ago may be either.
        if isOver, !hasBegun { try unless(answer == .expired, "began too late: \(answer)") }
        let counted = countedInDay(job.mode.counted, job.account)[claim.ticket] != nil
        if counted { try unless(answer != .expired, "expired though it had begun") }
        let isEarly = job.publishAt.map { Self.milliseconds($0) > now } ?? false
        if answer != .expired {
            let isScheduled = answer.reason == .schedule
            try unless(isScheduled == isEarly, "early \(isEarly): \(answer)")
        }
    }

    private mutating func runs(_ claim: Claim, _ job: PublishJob) throws(QueueModelViolation) {
        let (account, kind) = (job.account, job.mode.counted)
        try unless(!isPaused(.account(account)), "runs though \(account) is paused")
        try unless(!isHeld(job.lane), "runs though \(job.lane) is held")
        noteBegun(kind, account, claim.ticket)
        let counted = countedInDay(kind, account).count
        if let limit = rules.daily(kind, of: account) {
            try unless(counted <= limit, "\(counted) \(kind)s of \(account) in a day")
        }
        let active = activeAccounts
        if rules.limits.activeAccounts > 0 {
            let most = rules.limits.activeAccounts
            try unless(active.count <= most, "\(active.count) accounts post in a day")
        }
        for endpoint in job.beginsWith {
            let limit = rules.limits.calls(of: endpoint)
            try noteCall(endpoint.rawValue, account, atMost: limit)
        }
        try takesTransfer(claim, job)
        tickets[claim.ticket]?.isRunning = true
        tickets[claim.ticket]?.hasBegun = true
    }

    private func waits(
        _ claim: Claim,
        _ job: PublishJob,
        _ wait: Admission.Wait
    ) throws(QueueModelViolation) {
        let isFair: Bool
        switch wait.reason {
        case .schedule: isFair = true
        case .accountBusy: isFair = wait.delay == nil || othersTransfer(claim, job)
        case .accountPaused: isFair = isHeld(job.lane) || isPaused(.account(job.account))
        case .dailyLimit, .draftLimit:
            isFair = reachesLimit(job.mode.counted, claim.ticket, job.account)
        case .rateLimit:
            isFair = job.beginsWith.contains { endpoint in
                let made = callsInMinute(endpoint.rawValue, job.account, seconds: 66)
                return made >= rules.limits.calls(of: endpoint)
            }
        case .backoff, .tiktok: isFair = false
        }
        try unless(isFair, "waits for \(wait.reason) without a reason")
        guard let due = wait.delay.map({ now + $0.milliseconds }) else { return }
        try unless(due >= now, "waits until a time that has passed")
        let end = job.expiresAt.map(Self.milliseconds)
        if let end, end > now {
            try unless(due <= end, "waits until \(due - end) ms after its end")
        }
        let begin = job.publishAt.map(Self.milliseconds)
        if wait.reason == .schedule, let begin {
            try unless(due == min(begin, end.map { $0 > now ? $0 : begin } ?? begin), "at \(due)")
        }
    }

    private func reachesLimit(_ kind: String, _ ticket: String, _ account: String) -> Bool {
        let counted = countedInDay(kind, account)
        if let limit = rules.daily(kind, of: account), counted[ticket] == nil,
            counted.count >= limit
        {
            return true
        }
        let most = rules.limits.activeAccounts
        return kind == "post" && most > 0 && activeAccounts.count >= most
            && !activeAccounts.contains(account)
    }

    /// A call that the script was asked for; `wait` is `nil` when it may be made.
    mutating func called(
        _ claim: Claim,
        _ job: PublishJob,
        _ endpoint: Endpoint,
        wait: Duration?
    ) throws(QueueModelViolation) {
        let limit = rules.limits.calls(of: endpoint)
        guard wait == nil else {
            count("calls put off")
            let made = callsInMinute(endpoint.rawValue, job.account, seconds: 66)
            return try unless(made >= limit, "\(endpoint) waits after \(made) calls")
        }
        try noteCall(endpoint.rawValue, job.account, atMost: limit)
        guard job.beginsWith.contains(endpoint), endpoint != .creatorInfo else { return }
        noteBegun(job.mode.counted, job.account, claim.ticket)
        let active = activeAccounts.count
        if rules.limits.activeAccounts > 0, job.mode == .direct {
            let most = rules.limits.activeAccounts
            try unless(active <= most, "\(active) accounts post in a day")
        }
    }

    static func milliseconds(_ date: Date) -> Int64 {
        Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}

extension Admission.Answer {
    var reason: WaitingFor? {
        if case .wait(let wait) = self { wait.reason } else { nil }
    }

    /// Whether it waits without a time.
    var standsInLine: Bool {
        if case .wait(let wait) = self {
            wait.reason == .accountBusy && wait.delay == nil
        } else {
            false
        }
    }

    var name: String { reason.map { "wait for \($0.rawValue)" } ?? "\(self)" }
}

extension PublishJob {
    /// As the scripts name it.
    var lane: String { "\(mode.counted):\(account)" }
}
