internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import Redis
internal import Telemetry

/// What the caller of a Celery task is told of a turn: after its row, before its settlement.
extension Recorder {
    /// - Returns: what the queue is to do; `nil`: the job is no longer ours.
    func tell(
        _ outcome: Outcome,
        _ settlement: Settlement,
        _ result: Publisher.Result,
        _ claim: Claim
    ) async throws -> Settlement? {
        guard let task = result.task else { return settlement }
        switch outcome {
        case .rejected(let failure), .unreadable(let failure):
            // A row of that id may be another job's.
            let end = TaskEnd.failed(result.exception ?? CeleryException(failure))
            return try await tell(end, task, settlement, endedAt: claim.receivedAt, claim)
        case .lost: return nil
        case .handedBack, .stillInDoubt, .stillHeldBack, .shown: break
        case .waiting(let waiting) where waiting.burnsAttempt:
            let why = waiting.why.map { CeleryException($0) }
            await tasks.note(why.map(TaskMoment.retried) ?? .released, of: task, claim)
        case .waiting(let waiting):
            let meta = Self.progress(
                waiting.reason,
                waiting.delay,
                isWatched: waiting.stage == .watch
            )
            await tasks.note(.progressed(meta, begun: true), of: task, claim)
        case .parked(_, let wait) where !settlement.isEnd:
            let meta = Self.progress(wait.reason, wait.hasEnd ? wait.delay : nil, isWatched: false)
            await tasks.note(.progressed(meta, begun: false), of: task, claim)
        case .duplicate, .parked, .published, .delivered, .retry, .failed, .inDoubt, .reconciled,
            .expired, .cancelled, .alreadyRecorded:
            return try await tellByRow(result, task, settlement, claim)
        }
        tasks.observe(.released, task, claim)
        return settlement
    }

    /// Every end that has a row is told as the row has it, by whoever comes first to tell it.
    private func tellByRow(
        _ result: Publisher.Result,
        _ task: CeleryMessage,
        _ settlement: Settlement,
        _ claim: Claim
    ) async throws -> Settlement? {
        let id = result.job?.id ?? ""
        var row = try await row(of: id)
        let isDuplicate = if case .duplicate = result.outcome { true } else { false }
        if isDuplicate, row?.status.isFinal != true {
            try await ask(aboutEndOf: id, for: task, claim)
            // It may have ended before it was asked.
            row = try await self.row(of: id)
            if row?.status.isFinal != true, try await tasks.wasRevoked(task, waitingFor: id) {
                let ended = claim.receivedAt
                return try await tell(.revoked(.revoked), task, settlement, endedAt: ended, claim)
            }
        }
        guard let row else {
            guard isDuplicate else { return settlement }
            // The first job has only just begun.
            tasks.observe(.released, task, claim)
            return Self.askLater(claim)
        }
        guard let end = try await end(row, claim) else {
            tasks.observe(.released, task, claim)
            return Self.askLater(claim)
        }
        // Settled long after it came to be in doubt, or asked about long after it ended, it is told
        // as patiently.
        let ended = max(row.updatedAt, claim.receivedAt)
        return try await tell(end, task, settlement, endedAt: ended, claim)
    }

    private func end(_ row: HistoryRow, _ claim: Claim) async throws(RedisError) -> TaskEnd? {
        let end = TaskEnd(row)
        guard end == .revoked(.revoked), let signal = try await queue.termination(of: claim) else {
            return end
        }
        return .revoked(.terminated(signal: signal))
    }

    /// Where Redis refuses to note that, this task wakes by its timer alone.
    private func ask(
        aboutEndOf job: String,
        for task: CeleryMessage,
        _ claim: Claim
    ) async throws(RedisError) {
        do {
            try await queue.ask(aboutEndOf: job, for: task, claim)
        } catch {
            guard error.failure != nil, !error.isUnavailable else { throw error }
            log.warning(
                "celery.unasked",
                ["error": .error(error), "remedy": "delete or rename the key that is no set"]
            )
        }
    }

    private func row(of job: String) async throws(HistoryError) -> HistoryRow? {
        do {
            return try await tasks.reader.rows(of: [job]).first
        } catch {
            throw history.noted(error)
        }
    }

    private func tell(
        _ end: TaskEnd,
        _ task: CeleryMessage,
        _ settlement: Settlement,
        endedAt ended: Date,
        _ claim: Claim
    ) async throws -> Settlement? {
        do {
            try await tasks.tell(end, of: task, claim)
            return settlement
        } catch TaskReporter.Trouble.lost {
            return nil
        } catch TaskReporter.Trouble.results(let error) {
            guard tasks.givesUp(onEndOf: ended) else { throw TaskReporter.Trouble.results(error) }
            log.error(
                "celery.result_lost",
                [
                    "reason": .error(error),
                    "remedy": "the row in publish_history says how the job ended",
                ]
            )
            return settlement
        }
    }

    /// Another task asks for the same job, which has not ended: whoever ends it wakes this one.
    ///
    /// The time is for accidents, and for an end that comes in this very moment.
    private static func askLater(_ claim: Claim) -> Settlement {
        let seconds = 10 << min(claim.polls, 6)
        var settlement = Settlement.park(
            for: .seconds(seconds),
            stage: .post,
            attempts: claim.attempts
        )
        settlement.polls = claim.polls + 1
        settlement.reason = "duplicate"
        return settlement
    }

    /// What `AsyncResult.info` shows of a task that goes on by itself.
    private static func progress(
        _ reason: WaitingFor,
        _ delay: Duration?,
        isWatched: Bool
    ) -> JSONValue {
        [
            "status": .string((isWatched ? Status.processing : .waiting).rawValue),
            "waiting_for": .string(reason.rawValue),
            "next_attempt_at": .time(delay.map { .now + $0.seconds }),
        ]
    }
}
