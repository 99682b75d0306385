internal import FoundationEssentials
internal import Redis
package import Telemetry

/// Writes down what a turn came to: PostgreSQL first, then the queue, and nothing is settled that
/// is not recorded.
///
/// Also makes the one decision that needs the count of attempts.
package struct Recorder: Sendable {
    private let history: History
    private let queue: JobQueue
    private let retries: RetryPolicy
    private let maxAttempts: Int
    private let drain: Drain
    private let log: Log

    /// How often a statement that PostgreSQL refuses is sent before the job is put aside.
    private static let refusalsMax = 3

    /// How long a job is put aside that cannot be recorded until a person has mended something.
    private static let mendingTime = Duration.seconds(30)

    package init(
        history: History,
        queue: JobQueue,
        retries: RetryPolicy,
        maxAttempts: Int,
        drain: Drain,
        log: Log
    ) {
        self.drain = drain
        self.log = log
        self.history = history
        self.queue = queue
        self.retries = retries
        self.maxAttempts = maxAttempts
    }

    /// What became of the job in the end.
    package enum Ending: Sendable, Equatable {
        case settled(String)
        /// Nothing was settled: the job is another's, or will be when its lease ends.
        case left
    }

    /// Records and settles, trying for as long as the job is ours.
    package func record(
        _ result: Publisher.Result,
        of claim: Claim,
        lease: Lease
    ) async -> Ending {
        let outcome = decide(result, claim)
        // What was written once is not written again: a final row refuses even the same status.
        var written: Settlement??
        var refusals = 0
        var isPutAside = false
        while true {
            do {
                if written == nil { written = .some(try await write(outcome, result, claim)) }
                guard case .some(.some(let settlement)) = written else {
                    if case .lost = outcome { return .left }
                    return .settled(outcome.name)
                }
                let isSettled = try await queue.settle(claim, as: settlement)
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
        let wait = retries.wait(
            afterAttempts: claim.attempts + 1,
            of: result.maxAttempts ?? maxAttempts,
            retryAfter: failure.retryAfter,
            random: .random(in: 0..<1)
        )
        guard let wait else { return .failed(failure.afterLastAttempt) }
        return .waiting(.backoff, for: wait, stage: .post, holdAccount: false, why: failure)
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
        case .parked(let reason, let until):
            if let entry = result.entry {
                try await history.waits(
                    entry,
                    for: reason,
                    until: until,
                    status: .waiting,
                    why: nil
                )
            }
            return nil
        case .waiting(let reason, let delay, let stage, let holdAccount, let why):
            return try await wait(result, claim, reason, delay, stage, holdAccount, why)
        case .retry(let failure), .failed(let failure):
            try await end(result, as: .failed, failure)
            return .dead(
                reason: failure.code,
                attempts: claim.attempts + 1,
                givesPostBack: !result.mayCount
            )
        case .inDoubt(let failure):
            try await end(result, as: .inDoubt, failure)
            return .dead(reason: failure.code, attempts: claim.attempts, givesPostBack: false)
        case .rejected(let failure):
            return .dead(reason: failure.code, attempts: claim.attempts, givesPostBack: true)
        case .expired:
            try await end(result, as: .expired, nil)
            return .done(givesPostBack: true)
        case .duplicate:
            return .done(givesPostBack: true)
        case .alreadyRecorded(let status):
            return status == .failed || status == .inDoubt || status == .rejected
                ? .dead(reason: status.rawValue, attempts: claim.attempts, givesPostBack: false)
                : .done()
        case .handedBack(let delay):
            return .park(for: delay, claim)
        case .lost:
            return nil
        }
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

    private func wait(
        _ result: Publisher.Result,
        _ claim: Claim,
        _ reason: WaitingFor,
        _ delay: Duration,
        _ stage: Claim.Stage,
        _ holdAccount: Bool,
        _ why: Failure?
    ) async throws -> Settlement {
        if let entry = result.entry {
            try await history.waits(
                entry,
                for: reason,
                until: .now + delay.seconds,
                status: stage == .watch ? .processing : .waiting,
                why: why
            )
        }
        var settlement = Settlement.park(
            for: delay,
            stage: stage,
            attempts: reason == .backoff ? claim.attempts + 1 : claim.attempts
        )
        settlement.polls = stage == .watch ? claim.polls + 1 : 0
        settlement.holdAccount = holdAccount ? delay : .zero
        settlement.reason = why?.code ?? reason.rawValue
        return settlement
    }
}

extension Outcome {
    /// Whether it may only be settled once a row says so.
    fileprivate var needsRow: Bool {
        switch self {
        case .published, .delivered, .waiting, .retry, .failed, .inDoubt, .expired: true
        case .parked, .rejected, .duplicate, .alreadyRecorded, .handedBack, .lost: false
        }
    }

    /// For logs and metrics.
    package var name: String {
        switch self {
        case .published: "published"
        case .delivered: "delivered"
        case .parked(let reason, _): "waiting.\(reason.rawValue)"
        case .waiting(let reason, _, _, _, _): "waiting.\(reason.rawValue)"
        case .retry: "retry"
        case .failed: "failed"
        case .inDoubt: "in_doubt"
        case .rejected: "rejected"
        case .expired: "expired"
        case .duplicate: "duplicate"
        case .alreadyRecorded: "already_recorded"
        case .handedBack: "handed_back"
        case .lost: "lost"
        }
    }
}
