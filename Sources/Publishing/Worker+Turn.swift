internal import Redis
internal import Telemetry
internal import TikTok

/// One job's turn, from claim to settlement.
extension Worker {
    func turn(_ claim: Claim, _ lease: Lease) async {
        let result = await parts.publisher.publish(claim, lease: lease)
        // A cancelled turn must still be recorded: the new task is not cancelled with this one.
        let ending = await Task {
            await self.parts.recorder.record(result, of: claim, lease: lease)
        }
        .value
        parts.keeper.release(lease)
        parts.desk.leave(claim)
        inHand[claim.fence] = nil
        report(result, claim, ending)
        // Either is looked into before the next claim, and costs one question when all is well.
        if case .handedBack = result.outcome, !drain.isDraining { servers.databaseMayBeAway = true }
        if case .left = ending, !lease.isGivenUp {
            servers.fencesAreRaised = false
            // Redis away: the count only makes the job look a little more dangerous than it is.
            try? await queue.survive(claim)
        }
        pokes.poke()
    }

    /// One log line for each turn.
    private func report(
        _ result: Publisher.Result,
        _ claim: Claim,
        _ ending: Recorder.Ending
    ) {
        let failure = result.outcome.failure
        LogContext.$current.withValue(
            LogContext(job: result.jobID, attempt: claim.attempts + 1)
        ) {
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
}
