internal import FoundationEssentials

extension Recorder {
    /// The job asks admission again after its wait; what keeps its account waiting keeps its slot.
    ///
    /// - Returns: `nil` when its row is final, or another's.
    func park(
        _ job: PublishJob,
        _ claim: Claim,
        _ wait: Admission.Wait
    ) async throws(HistoryError) -> Settlement? {
        let until = wait.hasEnd ? wait.delay.map { Date.now + $0.seconds } : nil
        let parked = History.Parked(job: job, claim: claim, reason: wait.reason, until: until)
        guard try await history.park(parked) else { return nil }
        guard let delay = wait.delay else { return .line(claim) }
        var settlement = Settlement.park(for: delay, claim)
        settlement.slot = wait.reason == .schedule ? .freed : .kept
        settlement.reason = wait.reason.rawValue
        return settlement
    }
}
