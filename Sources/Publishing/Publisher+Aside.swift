internal import FoundationEssentials
internal import TikTok

/// Jobs that do not post in this turn.
extension Publisher {
    /// What admission's answer comes to; `nil`: the job goes on.
    func parked(
        _ answer: Admission.Answer,
        _ job: PublishJob,
        _ claim: Claim,
        _ lease: Lease
    ) async throws(Stop) -> Result? {
        switch answer {
        case .run, .cancelled, .expired: return nil
        case .stale: throw .lost
        case .duplicate: return try await duplicate(job)
        case .wait(let reason, let until):
            // The queue has the job again: nothing of this turn may touch it there.
            lease.giveUp()
            let parked = History.Parked(job: job, claim: claim, reason: reason, until: until)
            let isOurs = try await parkPatiently(parked)
            return Result(outcome: isOurs ? .parked(reason, until: until) : .lost, entry: nil)
        }
    }

    /// Without its row nobody would know where the job is.
    private func parkPatiently(_ parked: History.Parked) async throws(Stop) -> Bool {
        for _ in 0..<30 {
            do throws(HistoryError) {
                return try await history.park(parked)
            } catch {
                guard case .away = error, !drain.isDraining else { throw Stop(error) }
            }
            // Cancelled with the turn, it tries on at once, and so ends soon.
            try? await Task.sleep(for: .seconds(1))
        }
        throw .databaseAway
    }

    func duplicate(_ job: PublishJob) async throws(Stop) -> Result {
        do {
            try await history.duplicate(of: job.id)
            return Result(outcome: .duplicate, entry: nil)
        } catch {
            throw Stop(error)
        }
    }

    func reject(_ broken: BrokenDocument, _ claim: Claim) async -> Result {
        do {
            try await history.rejected(broken, claim: claim)
            return Result(outcome: .rejected(.documentBroken(broken)), entry: nil)
        } catch {
            return Result(outcome: Outcome(Stop(error), verdictBy: nil), entry: nil)
        }
    }

    /// Asks about a post that ended in doubt.
    func reconcile(_ job: PublishJob, _ claim: Claim, _ lease: Lease) async -> Result {
        do throws(Stop) {
            guard let (entry, publishID) = try await doubted(job, claim) else {
                // A person has settled it, or let it begin anew: the row says which.
                return await publish(job, claim, lease)
            }
            guard let account = try await find(job.account) else {
                return Result(outcome: .stillInDoubt, entry: nil)
            }
            let isSettled = try await reconciliation.ask(
                about: publishID,
                entry,
                token: try accounts.token(of: account),
                pacer: Pacer(admission, job, claim, countedAt: nil),
                username: account.username
            )
            return Result(outcome: isSettled ? .reconciled : .stillInDoubt, entry: nil)
        } catch {
            switch error {
            case .lost: return Result(outcome: .lost, entry: nil)
            case .databaseAway, .queueAway:
                return Result(outcome: .handedBack(after: .seconds(60)), entry: nil)
            default: return Result(outcome: .stillInDoubt, entry: nil)
            }
        }
    }

    private func doubted(
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(Stop) -> (entry: History.Entry, publishID: String)? {
        do {
            return try await history.doubted(job, claim: claim)
        } catch {
            throw Stop(error)
        }
    }
}
