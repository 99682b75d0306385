internal import EventLoop
internal import Redis
internal import Telemetry
internal import TikTok

/// One job's turn, from claim to settlement.
extension Worker {
    func turn(_ claim: Claim, _ lease: Lease) async {
        let result = await parts.publisher.publish(claim, lease: lease)
        let context = LogContext(
            job: result.job?.id,
            account: (result.job?.account).map(options.tagger.tag),
            attempt: claim.attempts + 1,
            traceparent: result.job?.traceparent
        )
        // A cancelled turn must still be recorded: the new task is not cancelled with this one.
        let recording = Wait<Recorder.Ending>(on: loop)
        LogContext.$current.withValue(context) {
            _ = Task {
                recording.end(await self.parts.recorder.record(result, of: claim, lease: lease))
            }
        }
        let ending = await recording.result()
        parts.keeper.release(lease)
        parts.desk.leave(claim)
        inHand[claim.fence] = nil
        LogContext.$current.withValue(context) { report(result, claim, ending) }
        // Either is looked into before the next claim, and costs one question when all is well.
        if case .handedBack = result.outcome, !drain.isDraining { servers.databaseMayBeAway = true }
        if case .left = ending {
            servers.fencesAreRaised = false
            Task { await self.survive(claim) }
        }
        pokes.poke()
    }

    /// Says that a job that was lost did not kill this worker, for as long as it takes.
    private func survive(_ claim: Claim) async {
        for _ in 0..<60 where !drain.isOver {
            do {
                return try await queue.survive(claim)
            } catch {
                // Redis away: after this time the count makes the job look more dangerous than it
                // is, and no worse.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// One log line for each turn.
    private func report(
        _ result: Publisher.Result,
        _ claim: Claim,
        _ ending: Recorder.Ending
    ) {
        let failure = result.outcome.failure
        switch ending {
        case .settled(let outcome):
            log.info(
                "job.turn",
                [
                    "outcome": .string(outcome), "queue": .string(claim.queue),
                    "fence": .integer(claim.fence), "code": failure.map { .string($0.code) },
                    "owner": failure.map { .string($0.owner.rawValue) },
                    "log_id": failure?.logID.map { .string($0) },
                ]
            )
        case .left:
            log.warning(
                "job.left",
                [
                    "outcome": .string(result.outcome.name), "queue": .string(claim.queue),
                    "fence": .integer(claim.fence),
                ]
            )
        }
    }
}
