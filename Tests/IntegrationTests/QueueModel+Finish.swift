import Redis

@testable import Publishing

/// With nothing going wrong any more, everything comes to its end.
extension QueueModel {
    /// One worker goes on that sleeps until the next timer it was told of, and no longer.
    func finish() async throws {
        note("nothing goes wrong any more")
        hands = []
        for name in rules.queues { try await resumeIfPaused(.queue(name)) }
        for name in rules.accounts { try await resumeIfPaused(.account(name)) }
        record.rules.liftZeroes()
        // Leases of those who died end.
        try await advance(by: QueueModelRules.lease.milliseconds)
        while true {
            let found = try await queue.recover(lookingAfter: rules.queues)
            try record.recovered(found.count, nextTimer: found.nextTimer)
            if found.count < JobQueue.recoveredMax { break }
        }
        try await raiseFences(0)
        for round in 0..<4000 {
            guard let sleep = try await finishRound() else { break }
            if round.isMultiple(of: 25) { try await checkInvariants() }
            try await advance(by: max(1, sleep.milliseconds))
        }
        try await checkInvariants()
        try await checkNothingLeft()
    }

    private func resumeIfPaused(_ subject: Pauses.Subject) async throws {
        if record.pauses[subject.key] != nil { try await resume(subject) }
    }

    /// Takes all there is, and ends it.
    ///
    /// - Returns: how long the worker then sleeps; `nil`: until something new comes.
    private func finishRound() async throws -> Duration? {
        var sleep: Duration?
        for name in rules.queues {
            while true {
                let terms = JobQueue.Terms(
                    most: 8,
                    fresh: numbers.chance(500) ? .first : .last,
                    seenFence: seenFences[0] ?? 0,
                    statusCallsPerMinute: rules.limits.perMinute.status
                )
                let caught = try await queue.claim(from: name, on: terms)
                try record.claimed(caught, from: name, on: terms)
                note("the last worker claims \(caught.jobs.map(\.ticket)) of \(name)")
                for claim in caught.jobs { try await finish(claim) }
                guard caught.jobs.isEmpty else { continue }
                if let next = caught.nextTimer { sleep = min(sleep ?? next, next) }
                break
            }
        }
        return try await hasReady() ? .zero : sleep
    }

    /// Whether an arrival at one queue came while another was looked after.
    private func hasReady() async throws -> Bool {
        for name in rules.queues {
            let key = queue.keys.ready(of: name)
            if try await redis.send(["LLEN", .text(key)]).integer ?? 0 > 0 { return true }
        }
        return false
    }

    private func finish(_ claim: Claim) async throws {
        take(claim, 0)
        let index = hands.count - 1
        guard let job = hands[index].job else {
            return try await finish(as: .dead(reason: "no", attempts: 0, givesPostBack: true))
        }
        if claim.stage == .post {
            try await admitAtLast(job)
            guard !hands.isEmpty else { return }
        }
        try await finish(as: .done())
    }

    /// Leaves the job in hand only if it may run, or must end.
    private func admitAtLast(_ job: PublishJob) async throws {
        let claim = hands[0].claim
        let answer = try await admission.admit(
            job,
            claim: claim,
            dailyPosts: record.rules.ownLimits[job.account],
            needsSlot: true
        )
        note("at last \(claim.ticket) of \(job.id) is admitted: \(answer)")
        try record.admitted(claim, job, needsSlot: true, answer)
        guard case .wait(let wait) = answer else { return }
        guard let delay = wait.delay else {
            return try await finish(as: .line(claim))
        }
        var settlement = Settlement.park(for: delay, claim)
        settlement.slot = wait.reason == .schedule ? .freed : .kept
        settlement.reason = wait.reason.rawValue
        try await finish(as: settlement)
    }

    private func finish(as settlement: Settlement) async throws {
        let claim = hands[0].claim
        hands = []
        let isOurs = try await queue.settle(claim, as: settlement)
        note("at last \(claim.ticket) is settled as \(settlement.short): \(isOurs)")
        try record.settled(claim, as: settlement, isOurs)
    }

    // MARK: What may be left

    private func checkNothingLeft() async throws {
        let left = record.tickets.filter { !$0.value.isDead }
        try unless(left.isEmpty, "left over: \(left.sorted { $0.key < $1.key })")
        let waiting = record.upstream.values.flatMap { $0.joined() }
        try unless(waiting.isEmpty, "never taken: \(waiting)")
        let letters = try await queue.deadTickets(from: 0, atMost: JobQueue.deadLettersMax)
        let dead = record.tickets.filter { $0.value.isDead }.keys.sorted()
        try unless(letters.map(\.ticket).sorted() == dead, "dead letters differ")
        // What is kept for a while only is gone after a while.
        try await advance(by: 9 * QueueModelRules.day)
        _ = try await queue.recover(lookingAfter: rules.queues)
        _ = try await queue.cancel("nobody")
        let all = try await snapshot()
        let kept = ["fence", "dead", "active", "cancels", "in_line"]
        for key in all.keys {
            let name = String(key.dropFirst(QueueModelRules.prefix.count))
            let isOfDead = dead.contains { name == "job:" + $0 }
            let owner = name.hasPrefix("owner:") && dead.contains(all.texts[key] ?? "")
            try unless(kept.contains(name) || isOfDead || owner, "\(key) is left for ever")
        }
        try unless(all.ordered[QueueModelRules.prefix + "cancels"]?.count == 1, "old cancels")
        record.count("seeds")
    }
}
