/// Posts that are out while TikTok's moderation holds their ids back.
extension Publisher {
    /// Asks for the id of such a post, whose job has ended and whose caller knows.
    func askForID(_ claim: Claim) async -> Result {
        // What could be read when it was posted, and cannot now, ends as its row has it: nobody is
        // told anything else.
        guard !claim.killsWorkers, let job = try? PublishJob(claim, tasks: tasks.names) else {
            return Result(outcome: .shown, entry: nil)
        }
        desk.note(claim, id: job.id, step: claim.stage.step)
        var result = Result(outcome: await idOutcome(of: job, claim), entry: nil)
        result.job = job
        return result
    }

    private func idOutcome(of job: PublishJob, _ claim: Claim) async -> Outcome {
        do throws(Stop) {
            guard let publishID = try await idHeldBack(job, claim) else { return .shown }
            // A connection may be mended before the next question.
            guard let account = try await find(job.account) else { return .stillHeldBack }
            let isKnown = try await reconciliation.askForIDs(
                of: publishID,
                job,
                account,
                token: try await accounts.freshToken(of: account),
                pacer: Pacer(admission, job, claim, countedAt: nil)
            )
            return isKnown ? .shown : .stillHeldBack
        } catch {
            return Self.untold(error) ?? .stillHeldBack
        }
    }

    private func idHeldBack(_ job: PublishJob, _ claim: Claim) async throws(Stop) -> String? {
        do {
            return try await history.idHeldBack(job, claim: claim)
        } catch {
            throw Stop(error)
        }
    }
}
