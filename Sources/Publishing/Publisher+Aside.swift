internal import FoundationEssentials
internal import TikTok

/// Jobs that do not post in this turn.
extension Publisher {
    /// What admission's answer comes to; `nil`: the job goes on.
    func parked(
        _ answer: Admission.Answer,
        _ job: PublishJob,
        _ claim: Claim,
        _ account: Account?
    ) async throws(Stop) -> Result? {
        switch answer {
        // Nobody waits for the rate of a task that is none.
        case .run, .overRate, .cancelled, .expired: return nil
        case .stale: throw .lost
        case .duplicate: return try await duplicate(job, claim)
        // No limit is worth waiting for where nothing can be posted: its turn goes on to where the
        // row is told why.
        case .wait(let wait) where account?.status != .active && wait.isForLimits: return nil
        case .wait(let wait): return Result(outcome: .parked(job, wait), entry: nil)
        }
    }

    /// Asks admission, unless the job's caller has revoked it before anything was sent.
    func admitUnlessRevoked(
        _ job: PublishJob,
        _ claim: Claim,
        _ account: Account?
    ) async throws(Stop) -> Admission.Answer {
        let answer = try await admitInRate(job, claim, account)
        guard answer != .duplicate, answer != .stale, let task = job.task else { return answer }
        await tasks.owns(task, job, claim)
        return try await tasks.wasRevoked(task, claim) ? .cancelled : answer
    }

    /// Asks admission; a task of a name that has a rate takes a token of it before it begins.
    private func admitInRate(
        _ job: PublishJob,
        _ claim: Claim,
        _ account: Account?
    ) async throws(Stop) -> Admission.Answer {
        guard let task = job.task, !claim.killsWorkers else {
            return try await admit(job, claim, account, isOverRate: false)
        }
        // In this stage nothing else is asked for more than once.
        let hasWaited = claim.polls > 0
        let permit = tasks.rates.ask(for: task, hasWaited: hasWaited)
        do throws(Stop) {
            let answer = try await admit(job, claim, account, isOverRate: permit.isOver)
            if answer != .run { tasks.rates.giveBack(permit, of: task) }
            guard answer == .overRate else { return answer }
            var wait = tasks.rates.wait(of: task, hasWaited: hasWaited)
            if let end = job.expiresAt {
                wait = min(wait, .seconds(max(0, end.timeIntervalSinceNow)))
            }
            return .wait(Admission.Wait(.rateLimit, for: wait, isForRate: true))
        } catch {
            tasks.rates.giveBack(permit, of: task)
            throw error
        }
    }

    /// How long a job waits for its account's connection to be mended before it fails.
    private static let accountPatience = Duration.seconds(7 * 86_400)

    /// How a job ends that has waited too long for its account; `nil`: it has not.
    func endOfPatience(
        with account: Account?,
        _ outcome: Outcome,
        _ job: PublishJob,
        _ claim: Claim
    ) -> Outcome? {
        guard case .waiting(let waiting) = outcome, waiting.reason == .accountPaused,
            let why = waiting.why, let account
        else { return nil }
        // Neither the time before it was to be posted counts, nor that in the account's line.
        let since = max(claim.receivedAt, job.publishAt ?? .distantPast, account.closedSince)
        return since < .now - Self.accountPatience.seconds ? .failed(why) : nil
    }

    func duplicate(_ job: PublishJob, _ claim: Claim) async throws(Stop) -> Result {
        do {
            try await history.duplicate(of: job.id, claim: claim)
            return Result(outcome: .duplicate, entry: nil)
        } catch {
            throw Stop(error)
        }
    }

    /// Refuses a Celery task whose workflow cannot go on from here, before anything is posted.
    static func checkWorkflow(of job: PublishJob) throws(BrokenDocument) {
        guard let task = job.task else { return }
        do throws(FollowUpError) {
            try TaskReporter.check(task)
        } catch {
            let rule = BrokenRule(field: "embed", got: "something else", rule: error.words)
            throw BrokenDocument(
                id: job.id,
                account: job.account,
                rules: [rule],
                task: task.withoutWorkflow,
                exception: .invalidTask(rule.description)
            )
        }
    }

    /// Whether the document of a claim is read: not when workers die of that.
    func mayBeRead(_ claim: Claim) async -> Bool {
        guard claim.killsReaders else { return true }
        guard !claim.killsAnybody else { return false }
        // Where Redis does not say, the job is put aside unread once it is back.
        return (try? await admission.queue.hasBeenRead(claim)) ?? false
    }

    func reject(_ refused: BrokenDocument, _ claim: Claim) async -> Result {
        do throws(Stop) {
            let broken = try await withCaller(refused, claim)
            tasks.received(broken.task, claim)
            try await record(broken, claim)
            return Result(
                outcome: .rejected(Failure.documentBroken(broken)),
                entry: nil,
                task: broken.task,
                exception: broken.exception
            )
        } catch {
            return Result(outcome: Outcome(error, verdictBy: nil), entry: nil)
        }
    }

    /// The same with whoever waits for it, where it is a message that is too long to be read.
    private func withCaller(
        _ broken: BrokenDocument,
        _ claim: Claim
    ) async throws(Stop) -> BrokenDocument {
        guard claim.documentBytes > PublishJob.documentBytesMax else { return broken }
        let envelope: [UInt8]
        do {
            envelope = try await admission.queue.envelope(of: claim)
        } catch {
            throw .queueAway
        }
        return BrokenDocument(
            envelope: envelope,
            bytes: claim.documentBytes,
            tasks: tasks.names
        ) ?? broken
    }

    private func record(_ broken: BrokenDocument, _ claim: Claim) async throws(Stop) {
        do {
            try await history.rejected(broken, claim: claim)
        } catch {
            throw Stop(error)
        }
    }

    /// Asks about a post that ended in doubt.
    func reconcile(_ job: PublishJob, _ claim: Claim, _ lease: Lease) async -> Result {
        do throws(Stop) {
            guard let doubted = try await doubted(job, claim) else {
                // A person has settled it, or let it begin anew: the row says which.
                return await publish(job, claim, lease)
            }
            return Result(outcome: await ask(about: doubted, job, claim), entry: nil)
        } catch {
            return Result(outcome: Self.untold(error) ?? .lost, entry: nil)
        }
    }

    private func ask(
        about doubted: History.Doubted,
        _ job: PublishJob,
        _ claim: Claim
    ) async -> Outcome {
        let unknown = Outcome.stillInDoubt(since: doubted.since)
        do throws(Stop) {
            guard let account = try await find(job.account) else { return unknown }
            let status = try await reconciliation.ask(
                about: doubted,
                job,
                account,
                token: try await accounts.freshToken(of: account),
                pacer: Pacer(admission, job, claim, countedAt: nil)
            )
            return status.map { .reconciled($0) } ?? unknown
        } catch {
            return Self.untold(error) ?? unknown
        }
    }

    /// What follows when nobody could be asked; `nil`: the question has gone without an answer.
    static func untold(_ stop: Stop) -> Outcome? {
        switch stop {
        case .lost: .lost
        case .draining: .handedBack(after: .zero)
        case .databaseAway, .queueAway: .handedBack(after: .seconds(60))
        case .limited(let wait): .handedBack(after: wait)
        default: nil
        }
    }

    private func doubted(
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(Stop) -> History.Doubted? {
        do {
            return try await history.doubted(job, claim: claim)
        } catch {
            throw Stop(error)
        }
    }
}

extension Account {
    /// Since when it cannot be posted for, if it cannot: at the earliest since its row was changed,
    /// or its token expired.
    fileprivate var closedSince: Date {
        let expired = accessExpiresAt.flatMap { $0 < .now ? $0 : nil }
        return max(updatedAt, expired ?? updatedAt)
    }
}
