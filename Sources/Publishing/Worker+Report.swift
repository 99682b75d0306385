internal import Telemetry
internal import TikTok

/// One log line for each turn.
extension Worker {
    func report(
        _ result: Publisher.Result,
        _ claim: Claim,
        _ ending: Recorder.Ending
    ) {
        let failure = result.outcome.failure
        LogContext.$current.withValue(
            LogContext(job: result.entry?.jobID, attempt: claim.attempts + 1)
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
