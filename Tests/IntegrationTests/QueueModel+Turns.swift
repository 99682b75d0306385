import Redis
import TikTok

@testable import Publishing

/// What simulated workers do with jobs.
extension QueueModel {
    func isReplyLost() -> Bool { numbers.chance(rules.replyLost) }

    func claim(_ worker: Int, from name: String) async throws {
        if seenFences[worker] == nil { try await raiseFences(worker) }
        let terms = JobQueue.Terms(
            most: numbers.from(1, to: 4),
            fresh: numbers.chance(500) ? .first : .last,
            seenFence: seenFences[worker] ?? 0,
            statusCallsPerMinute: rules.limits.perMinute.status
        )
        let caught = try await queue.claim(from: name, on: terms)
        note("worker \(worker) claims \(caught.jobs.map { "\($0.ticket)/\($0.fence)" })")
        try record.claimed(caught, from: name, on: terms)
        if isReplyLost() { return note("the answer is lost") }
        for claim in caught.jobs { take(claim, worker) }
    }

    func take(_ claim: Claim, _ worker: Int) {
        seenFences[worker] = max(seenFences[worker] ?? 0, claim.fence)
        let end = record.now + QueueModelRules.lease.milliseconds
        // A document that cannot be read is one of the cases.
        let job = try? PublishJob(claim)
        hands.append(QueueModelHeld(claim: claim, worker: worker, job: job, leaseEnd: end))
    }

    func raiseFences(_ worker: Int) async throws {
        let recorded = openedFences.values.max() ?? 0
        let highest = max(recorded, seenFences[worker] ?? 0)
        let stands = try await queue.raiseFence(above: highest)
        note("worker \(worker) raises the fences above \(highest): \(stands)")
        let expected = max(highest, record.lastFence) + 1000
        try unless(stands == expected, "fences raised above \(highest) to \(stands)")
        record.lastFence = stands
        seenFences[worker] = stands
    }

    /// One step of one job, whoever has it, and whether or not it is still theirs.
    func work() async throws {
        guard !hands.isEmpty else { return }
        let index = numbers.from(0, to: hands.count - 1)
        let held = hands[index]
        if let pending = held.pending { return try await settle(index, as: pending) }
        if numbers.chance(rules.workerDies) { return die(held.worker) }
        guard let job = held.job else {
            let broken = Settlement.dead(reason: "document", attempts: 0, givesPostBack: true)
            return try await settle(index, as: broken)
        }
        switch held.claim.stage {
        case .post where held.isAdmitted: try await post(index, job)
        case .post where numbers.chance(40):
            // PostgreSQL is away: not even the account could be looked up.
            let wait = Duration.milliseconds(numbers.one(of: [0, 1000, 60_000]))
            try await settle(index, as: .park(for: wait, held.claim))
        case .post: try await admit(index, job)
        case .watch: try await watch(index)
        case .reconcile, .moderation: try await reconcile(index, job)
        }
    }

    func admit(_ index: Int, _ job: PublishJob) async throws {
        let claim = hands[index].claim
        let needsSlot = !claim.killsWorkers
        let answer = try await fenced(claim) {
            try await admission.admit(
                job,
                claim: claim,
                dailyPosts: record.rules.ownLimits[job.account],
                needsSlot: needsSlot
            )
        }
        note("\(claim.ticket)/\(claim.fence) of \(job.id) is admitted: \(answer)")
        try record.admitted(claim, job, needsSlot: needsSlot, answer)
        if isReplyLost() {
            // As the program: somebody goes on where this one was.
            let delay = Duration.milliseconds(numbers.one(of: [0, 1000]))
            return try await settle(index, as: .park(for: delay, claim))
        }
        switch answer {
        case .run: try await open(index, job)
        case .wait(let wait): try await park(index, job, wait)
        case .duplicate: try await settle(index, as: .done(givesPostBack: true))
        case .cancelled: try await end(index, .done(givesPostBack: numbers.chance(800)))
        case .expired: try await end(index, .done(givesPostBack: true))
        // Nobody here has a rate; `overRate` is never answered.
        case .stale, .overRate: try await leave(index)
        }
    }

    /// The row first, then the queue; between the two the worker may die, or take long.
    private func park(_ index: Int, _ job: PublishJob, _ wait: Admission.Wait) async throws {
        let claim = hands[index].claim
        guard try await isOpen(index, job) else { return }
        var settlement = Settlement.line(claim)
        if let delay = wait.delay {
            settlement = .park(for: delay, claim)
            settlement.slot = wait.reason == .schedule ? .freed : .kept
            settlement.reason = wait.reason.rawValue
        }
        if numbers.chance(300) {
            hands[index].pending = settlement
        } else {
            try await settle(index, as: settlement)
        }
    }

    private func open(_ index: Int, _ job: PublishJob) async throws {
        let claim = hands[index].claim
        guard try await isOpen(index, job) else { return }
        guard !claim.killsWorkers else {
            return try await end(
                index,
                .dead(reason: "worker_killer", attempts: 1, givesPostBack: true)
            )
        }
        hands[index].isAdmitted = true
    }

    /// PostgreSQL's word on a job: whether its row may be written to.
    private func isOpen(_ index: Int, _ job: PublishJob) async throws -> Bool {
        let claim = hands[index].claim
        if let ending = endings[job.id] {
            let isOwn = ending.ticket == claim.ticket
            record.count(isOwn ? "already recorded" : "duplicate, says PostgreSQL")
            let dead = Settlement.dead(reason: "failed", attempts: 1, givesPostBack: false)
            let done = Settlement.done(givesPostBack: !isOwn)
            try await settle(index, as: isOwn && ending.isDead ? dead : done)
            return false
        }
        guard (openedFences[job.id] ?? 0) <= claim.fence else {
            try await leave(index)
            return false
        }
        openedFences[job.id] = claim.fence
        return true
    }

    private func post(_ index: Int, _ job: PublishJob) async throws {
        let claim = hands[index].claim
        let wait = Duration.milliseconds(numbers.one(of: [0, 1, 1000, 60_000, 3_600_000]))
        var parked = Settlement.park(for: wait, stage: .post, attempts: claim.attempts)
        switch numbers.from(0, to: 99) {
        case ..<20: try await call(index, job, numbers.one(of: job.beginsWith + [.postStatus]))
        case ..<45: try await end(index, .done())
        case ..<58:
            let verdict = Duration.milliseconds(numbers.one(of: [1000, 5000, 60_000]))
            try await settle(index, as: .park(for: verdict, stage: .watch, attempts: 0))
        case ..<66:
            parked.attempts += 1
            try await settle(index, as: parked)
        case ..<72:
            parked.holdAccount = wait
            parked.slot = .kept
            try await settle(index, as: parked)
        case ..<78: try await settle(index, as: .park(for: wait, claim))
        case ..<86:
            let isCounted = numbers.chance(400)
            try await end(index, .dead(reason: "no", attempts: 3, givesPostBack: !isCounted))
        case ..<90: try await settle(index, as: inDoubt(claim, questions: 0))
        default: try await admit(index, job)
        }
    }

    private func inDoubt(_ claim: Claim, questions: Int) -> Settlement {
        var settlement = Settlement.park(
            for: .seconds(3600),
            stage: .reconcile,
            attempts: claim.attempts
        )
        settlement.polls = questions
        return settlement
    }

    private func watch(_ index: Int) async throws {
        let claim = hands[index].claim
        switch numbers.from(0, to: 9) {
        case ..<5: try await end(index, .done(givesPostBack: numbers.chance(100)))
        case ..<8:
            let delay = Duration.milliseconds(numbers.one(of: [0, 1000, 10_000]))
            var again = Settlement.park(for: delay, stage: .watch, attempts: claim.attempts)
            again.polls = claim.polls + 1
            try await settle(index, as: again)
        case 8:
            let retry = Settlement.park(
                for: .seconds(5),
                stage: .post,
                attempts: claim.attempts + 1
            )
            try await settle(index, as: retry)
        default: try await end(index, .dead(reason: "no", attempts: 1, givesPostBack: true))
        }
    }

    private func reconcile(_ index: Int, _ job: PublishJob) async throws {
        let claim = hands[index].claim
        if numbers.chance(500) { return try await call(index, job, .postStatus) }
        guard claim.polls < 4, numbers.chance(600) else { return try await end(index, .done()) }
        try await settle(index, as: inDoubt(claim, questions: claim.polls + 1))
    }
}
