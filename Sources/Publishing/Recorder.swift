internal import FoundationEssentials
internal import Redis
package import Telemetry

/// Writes down what a turn came to: PostgreSQL first, then the queue, and nothing is settled that
/// is not recorded.
///
/// Also makes the one decision that needs the count of attempts.
package struct Recorder: Sendable {
    let history: History
    let queue: JobQueue
    let tasks: TaskReporter
    private let retries: RetryPolicy
    private let maxAttempts: Int
    let isHooked: Bool
    private let health: TikTokHealth
    private let drain: Drain
    let log: Log

    /// How often what a server refuses is sent before the job is put aside.
    private static let refusalsMax = 3

    /// How long a job is put aside that cannot be recorded until a person has mended something.
    private static let mendingTime = Duration.seconds(30)

    /// - Parameter isHooked: whether TikTok's webhooks come in here.
    package init(
        history: History,
        queue: JobQueue,
        tasks: TaskReporter,
        retries: RetryPolicy,
        maxAttempts: Int,
        isHooked: Bool,
        health: TikTokHealth,
        drain: Drain,
        log: Log
    ) {
        self.health = health
        self.drain = drain
        self.log = log
        self.history = history
        self.queue = queue
        self.tasks = tasks
        self.retries = retries
        self.maxAttempts = maxAttempts
        self.isHooked = isHooked
    }

    /// What became of the job in the end.
    package enum Ending: Sendable, Equatable {
        case settled(String)
        /// Nothing was settled: the job is another's, or will be when its lease ends.
        case left
    }

    /// Records, tells the caller of a Celery task, and settles, trying for as long as the job is
    /// ours.
    // tidy: long function, because what is done already must be known to every step after it.
    package func record(
        _ result: Publisher.Result,
        of claim: Claim,
        lease: Lease
    ) async -> Ending {
        let outcome = decide(result, claim)
        // What was written once is not written again: a final row refuses even the same status.
        var written: Settlement??
        var told: Settlement?
        var refusals = 0
        var isPutAside = false
        while true {
            do {
                if written == nil { written = .some(try await write(outcome, result, claim)) }
                guard case .some(.some(let settlement)) = written else {
                    if case .lost = outcome { return .left }
                    return .settled(outcome.name)
                }
                // While this row was written, webhooks may have said more of its post.
                if !isPutAside, outcome.endsWell, let id = result.job?.id {
                    try await history.catchUp(id)
                }
                if told == nil, !isPutAside {
                    let next = try await afterEnd(outcome, settlement, result, claim)
                    told = try await tell(outcome, next, result, claim)
                    guard told != nil else { return .left }
                }
                let isSettled = try await queue.settle(
                    claim,
                    as: told ?? settlement,
                    uncalled: result.uncalled
                )
                guard isSettled else { return .left }
                return .settled(isPutAside ? "put_aside" : outcome.name)
            } catch HistoryError.stale {
                return .left
            } catch HistoryError.refused(let cause) {
                refusals += 1
                // Not recorded, so not settled: the turn is repeated when somebody has mended it.
                guard refusals < Self.refusalsMax else {
                    written = .some(.park(for: Self.mendingTime, claim))
                    isPutAside = true
                    log.error("history.refused", ["error": .error(cause)])
                    continue
                }
            } catch TaskReporter.Trouble.results {
                refusals += 1
                guard refusals < Self.refusalsMax else {
                    // It has ended, and its caller does not know: told again by another turn.
                    written = .some(.park(for: Self.mendingTime, claim))
                    isPutAside = true
                    continue
                }
            } catch {
                // PostgreSQL or Redis is away: what is not recorded stays ours, and is tried again.
            }
            guard lease.isHeld, !drain.isOver else { return .left }
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 200..<800)))
        }
    }

    /// A retry that has used up its attempts is a failure.
    private func decide(_ result: Publisher.Result, _ claim: Claim) -> Outcome {
        guard result.entry != nil || !result.outcome.needsRow else {
            log.error("job.unrecorded", ["code": result.outcome.failure.map { .string($0.code) }])
            return .handedBack(after: Self.mendingTime)
        }
        guard case .retry(let failure) = result.outcome else { return result.outcome }
        // TikTok's outage is no fault of the job's.
        let burns = !(failure.isServersFault && health.wasAway(at: claim.claimedAt))
        let wait = retries.wait(
            afterAttempts: claim.attempts + 1,
            of: burns ? result.maxAttempts ?? maxAttempts : .max,
            retryAfter: failure.retryAfter,
            random: .random(in: 0..<1)
        )
        guard let wait else { return .failed(failure.afterLastAttempt) }
        return .waiting(Waiting(.backoff, for: wait, why: failure, burnsAttempt: burns))
    }

    /// Writes the row.
    ///
    /// - Returns: what the queue is to do; `nil` when it has done it, or the job is not ours.
    // tidy: long function, because every outcome has its clause in one switch.
    private func write(
        _ outcome: Outcome,
        _ result: Publisher.Result,
        _ claim: Claim
    ) async throws -> Settlement? {
        switch outcome {
        case .published(let postIDs, let shareURL):
            try await end(result, as: .published, nil, postIDs, shareURL)
            return .done()
        case .delivered:
            try await end(result, as: .delivered, nil)
            return .done()
        case .parked(let job, let wait):
            guard let settlement = try await park(job, claim, wait) else {
                return try await write(ended(job, claim), result, claim)
            }
            return settlement
        case .waiting(let waiting):
            return try await wait(result, claim, waiting)
        case .retry(let failure), .failed(let failure):
            try await end(result, as: .failed, failure)
            return .dead(
                reason: failure.code,
                attempts: claim.attempts + 1,
                givesPostBack: !result.mayCount
            )
        case .inDoubt(let failure):
            try await end(result, as: .inDoubt, failure)
            return askAgain(claim, afterQuestions: 0, since: .now)
        case .stillInDoubt(let since):
            return askAgain(claim, afterQuestions: claim.polls + 1, since: since)
        case .rejected(let failure):
            return .dead(reason: failure.code, attempts: claim.attempts, givesPostBack: true)
        case .unreadable(let failure):
            return .dead(reason: failure.code, attempts: claim.attempts, givesPostBack: false)
        case .expired:
            try await end(result, as: .expired, nil)
            return .done(givesPostBack: !result.mayCount)
        case .cancelled:
            try await end(result, as: .cancelled, nil)
            return .done(givesPostBack: !result.mayCount)
        case .duplicate:
            return .done(givesPostBack: true)
        case .reconciled(.failed):
            // Nothing is out: a person may let it begin anew, and another post may take its place.
            return .dead(
                reason: Status.failed.rawValue,
                attempts: claim.attempts,
                givesPostBack: true
            )
        case .reconciled, .shown:
            return .done()
        case .stillHeldBack:
            return askForID(claim, afterQuestions: claim.polls + 1)
        case .alreadyRecorded(.inDoubt) where claim.stage != .reconcile:
            return askAgain(claim, afterQuestions: 0, since: .now)
        case .alreadyRecorded(let status):
            return status == .failed || status == .inDoubt || status == .rejected
                ? .dead(reason: status.rawValue, attempts: claim.attempts, givesPostBack: false)
                : .done()
        case .handedBack(let delay, mayBeOut: true):
            return .park(for: delay, stage: .watch, attempts: claim.attempts)
        case .handedBack(let delay, mayBeOut: false):
            return .park(for: delay, claim)
        case .lost:
            return nil
        }
    }

    /// A post in doubt is asked about now and then; the last time, it becomes a dead letter.
    private func askAgain(
        _ claim: Claim,
        afterQuestions questions: Int,
        since: Date
    ) -> Settlement {
        let delay = Reconciliation.delay(
            afterQuestions: questions,
            since: since,
            isHooked: isHooked
        )
        guard let delay else {
            return .dead(
                reason: Status.inDoubt.rawValue,
                attempts: claim.attempts,
                givesPostBack: false
            )
        }
        var settlement = Settlement.park(
            for: delay,
            stage: .reconcile,
            attempts: claim.attempts
        )
        settlement.polls = questions
        settlement.reason = Status.inDoubt.rawValue
        return settlement
    }

    private func end(
        _ result: Publisher.Result,
        as status: Status,
        _ failure: Failure?,
        _ postIDs: [String] = [],
        _ shareURL: String? = nil
    ) async throws(HistoryError) {
        guard let entry = result.entry else { return }
        try await history.ends(
            entry,
            as: status,
            failure: failure,
            postIDs: postIDs,
            shareURL: shareURL
        )
    }

    /// What became of a job whose row did not let itself be written to.
    private func ended(
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(HistoryError) -> Outcome {
        switch try await history.refusal(of: job, claim: claim) {
        case .ended(let status): return .alreadyRecorded(status)
        case .duplicate:
            try await history.duplicate(of: job.id, claim: claim)
            return .duplicate
        case .ours, nil: throw .stale
        }
    }

    private func wait(
        _ result: Publisher.Result,
        _ claim: Claim,
        _ waiting: Waiting
    ) async throws -> Settlement {
        if let entry = result.entry {
            try await history.waits(
                entry,
                for: waiting.reason,
                until: .now + waiting.delay.seconds,
                status: waiting.stage == .watch ? .processing : .waiting,
                why: waiting.why
            )
        }
        var settlement = Settlement.park(
            for: waiting.delay,
            stage: waiting.stage,
            attempts: claim.attempts + (waiting.burnsAttempt ? 1 : 0)
        )
        let polls = claim.stage == .watch ? claim.polls : 0
        settlement.polls = waiting.stage == .watch ? polls + 1 : 0
        settlement.holdAccount = waiting.holdsAccount ? waiting.delay : .zero
        settlement.holdsFor = waiting.reason
        settlement.slot = waiting.keepsSlot ? .kept : .freed
        settlement.reason = waiting.why?.code ?? waiting.reason.rawValue
        return settlement
    }
}
