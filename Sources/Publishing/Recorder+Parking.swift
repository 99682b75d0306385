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
        if wait.isForRate { settlement.polls = claim.polls + 1 }
        return settlement
    }

    /// A post that is out, and whose id TikTok holds back, is asked about now and then.
    func afterEnd(
        _ outcome: Outcome,
        _ settlement: Settlement,
        _ result: Publisher.Result,
        _ claim: Claim
    ) async throws(HistoryError) -> Settlement {
        guard outcome.mayLackID, let job = result.job,
            try await history.idHeldBack(job, claim: claim) != nil
        else { return settlement }
        return askForID(claim, afterQuestions: 0)
    }

    func askForID(_ claim: Claim, afterQuestions questions: Int) -> Settlement {
        let delay = Reconciliation.idDelay(afterQuestions: questions, isHooked: isHooked)
        guard let delay else { return .done() }
        var settlement = Settlement.park(
            for: delay,
            stage: .moderation,
            attempts: claim.attempts
        )
        settlement.polls = questions
        settlement.reason = Claim.Stage.moderation.rawValue
        return settlement
    }
}

extension Outcome {
    /// Whether the row says `published`, and perhaps not where.
    fileprivate var mayLackID: Bool {
        switch self {
        case .published(let postIDs, _): postIDs.isEmpty
        case .reconciled(let status), .alreadyRecorded(let status): status == .published
        default: false
        }
    }
}
