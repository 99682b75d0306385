internal import FoundationEssentials
internal import TikTok

/// Jobs that do not post in this turn.
extension Publisher {
    /// What admission's answer comes to; `nil`: the job goes on.
    func parked(
        _ answer: Admission.Answer,
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(Stop) -> Result? {
        switch answer {
        case .run, .cancelled, .expired: return nil
        case .stale: throw .lost
        case .duplicate: return try await duplicate(job, claim)
        case .wait(let wait): return Result(outcome: .parked(job, wait), entry: nil)
        }
    }

    func duplicate(_ job: PublishJob, _ claim: Claim) async throws(Stop) -> Result {
        do {
            try await history.duplicate(of: job.id, claim: claim)
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
            let status = try await reconciliation.ask(
                about: publishID,
                entry,
                token: try await accounts.freshToken(of: account),
                pacer: Pacer(admission, job, claim, countedAt: nil),
                username: account.username
            )
            return Result(outcome: status.map { .reconciled($0) } ?? .stillInDoubt, entry: nil)
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
