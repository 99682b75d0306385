internal import FoundationEssentials
internal import Postgres
internal import Redis
internal import TikTok

/// What happens to one job, on one screen: each step lives in the folder of the same name.
package struct Publisher: Sendable {
    let admission: Admission
    let accounts: Accounts
    let media: Media
    let uploads: Uploads
    let pulledPosts: PulledPosts
    let verdict: Verdict
    let reconciliation: Reconciliation
    let history: History
    let drain: Drain
    let health: TikTokHealth
    let desk: Desk
    let tasks: TaskReporter

    package init(
        admission: Admission,
        accounts: Accounts,
        media: Media,
        uploads: Uploads,
        pulledPosts: PulledPosts,
        verdict: Verdict,
        reconciliation: Reconciliation,
        history: History,
        drain: Drain,
        health: TikTokHealth,
        desk: Desk,
        tasks: TaskReporter
    ) {
        self.admission = admission
        self.accounts = accounts
        self.media = media
        self.uploads = uploads
        self.pulledPosts = pulledPosts
        self.verdict = verdict
        self.reconciliation = reconciliation
        self.history = history
        self.drain = drain
        self.health = health
        self.desk = desk
        self.tasks = tasks
    }

    /// What one turn came to, and where it must be written.
    package struct Result: Sendable {
        package let outcome: Outcome
        /// `nil` when there is no row to write to.
        package let entry: History.Entry?
        /// Whether TikTok may count this post against the account's daily limit.
        package var mayCount = false
        /// What admission has counted in the account's minute for an init that was not asked for.
        var uncalled: [Endpoint] = []
        /// The job's own limit of attempts.
        package var maxAttempts: Int?
        /// `nil` when the document could not be read.
        package var job: PublishJob?
        /// The Celery message that brought the document, as far as it could be read.
        package var task: CeleryMessage?
        /// What its caller is told, where the failure's own words will not do.
        package var exception: CeleryException?
    }

    /// Takes a claimed job as far as it goes now.
    package func publish(_ claim: Claim, lease: Lease) async -> Result {
        guard claim.stage != .moderation else { return await askForID(claim) }
        guard await mayBeRead(claim) else {
            return Result(outcome: .unreadable(.workerKiller), entry: nil)
        }
        do throws(BrokenDocument) {
            let job = try PublishJob(claim, tasks: tasks.names)
            try Self.checkWorkflow(of: job)
            desk.note(claim, id: job.id, step: claim.stage.step)
            desk.note(claim, task: job.task)
            tasks.received(job.task, claim)
            var result =
                claim.stage == .reconcile
                ? await reconcile(job, claim, lease) : await publish(job, claim, lease)
            result.job = job
            result.task = job.task
            return result
        } catch {
            return await reject(error, claim)
        }
    }

    /// What a turn has found out by the time it ends.
    private struct Known {
        var account: Account?
        var turn: TurnMaker?
    }

    func publish(_ job: PublishJob, _ claim: Claim, _ lease: Lease) async -> Result {
        var known = Known()
        do throws(Stop) {
            known.account = try await find(job.account)
            let asked = ContinuousClock.now
            var answer: Admission.Answer?
            if try await !mayBeOut(job, claim) {
                let admitted = try await admitUnlessRevoked(job, claim, known.account)
                if let result = try await parked(admitted, job, claim, known.account) {
                    return result
                }
                answer = admitted
            }
            switch try await open(job, claim, as: answer == nil ? .processing : .preparing) {
            case .ours(let entry, let ledger):
                let isCounted = answer == .run && !claim.killsWorkers
                let pacer = Pacer(admission, job, claim, countedAt: isCounted ? asked : nil)
                let turn = TurnMaker(job, claim, lease, entry, Standing(ledger), pacer)
                known.turn = turn
                if answer == .run { await tasks.note(.started, of: job.task, claim) }
                let outcome = try await post(turn, known.account, ledger, answer)
                return result(outcome, known, job, claim)
            case .ended(let final): return Result(outcome: .alreadyRecorded(final), entry: nil)
            case .duplicate: return try await duplicate(job, claim)
            }
        } catch {
            let outcome = Outcome(error, verdictBy: known.turn?.standing.verdictDeadline)
            return result(outcome, known, job, claim)
        }
    }

    /// Whether the post may be at TikTok already: then no limit keeps it from being watched.
    ///
    /// PostgreSQL knows, where a worker has died before it could tell the queue.
    private func mayBeOut(_ job: PublishJob, _ claim: Claim) async throws(Stop) -> Bool {
        guard claim.stage == .post else { return true }
        guard claim.deliveries > 1 else { return false }
        do {
            return try await history.mayBeOut(job, claim: claim)
        } catch {
            throw Stop(error)
        }
    }

    /// Everything of a turn but the token, which not every job gets to need.
    private struct TurnMaker {
        let job: PublishJob
        let claim: Claim
        let lease: Lease
        let entry: History.Entry
        let standing: Standing
        let pacer: Pacer

        init(
            _ job: PublishJob,
            _ claim: Claim,
            _ lease: Lease,
            _ entry: History.Entry,
            _ standing: Standing,
            _ pacer: Pacer
        ) {
            (self.job, self.claim, self.lease) = (job, claim, lease)
            (self.entry, self.standing, self.pacer) = (entry, standing, pacer)
        }
    }

    /// The path itself: from an admitted job to TikTok's verdict.
    ///
    /// - Parameter answer: `nil`: nobody has asked, for the post may be out.
    private func post(
        _ maker: TurnMaker,
        _ account: Account?,
        _ ledger: Ledger,
        _ answer: Admission.Answer?
    ) async throws(Stop) -> Outcome {
        // Never sent again: whether it arrived, the worker that sent it did not live to say.
        guard !ledger.isInitUnanswered else { return .inDoubt(.initUnanswered) }
        guard !maker.claim.killsWorkers else { throw .refused(.workerKiller) }
        if ledger.verdictDeadline == nil, let end = answer?.end { return end }
        guard let account else { throw .refused(.accountUnknown) }
        let turn = Turn(
            job: maker.job,
            claim: maker.claim,
            lease: maker.lease,
            drain: drain,
            entry: maker.entry,
            held: try await HeldToken(of: account, from: accounts),
            standing: maker.standing,
            pacer: maker.pacer,
            tasks: tasks
        )
        if let outcome = try await askVerdict(ledger, turn, account) {
            try await recordUnseenEnd(of: ledger, turn, outcome)
            return outcome
        }
        // TikTok waits for bytes; but it may only not have counted them yet.
        let doubt = uploads.doubt(ledger)
        if let doubt { turn.standing.mayGoOut(verdictBy: doubt) }
        if let end = answer?.end {
            return doubt == nil ? end : .waiting(.verdict(for: Verdict.pauseAfterTrouble))
        }
        guard answer == .run else { throw .unadmitted }
        return try await send(turn, account, ledger)
    }

    // MARK: The steps, with their errors turned into stops

    func find(_ account: String) async throws(Stop) -> Account? {
        do {
            return try await accounts.find(account)
        } catch {
            throw Stop(HistoryError(error))
        }
    }

    /// A job that has killed its workers only asks whether its id is its own.
    func admit(
        _ job: PublishJob,
        _ claim: Claim,
        _ account: Account?,
        isOverRate: Bool
    ) async throws(Stop) -> Admission.Answer {
        do {
            return try await admission.admit(
                job,
                claim: claim,
                dailyPosts: account?.dailyPostLimit,
                needsSlot: !claim.killsWorkers,
                isOverRate: isOverRate
            )
        } catch {
            throw .queueAway
        }
    }

    private func open(
        _ job: PublishJob,
        _ claim: Claim,
        as status: Status
    ) async throws(Stop) -> History.Opening {
        do {
            return try await history.open(job, claim: claim, status: status)
        } catch {
            throw Stop(error)
        }
    }

    private func result(
        _ outcome: Outcome,
        _ known: Known,
        _ job: PublishJob,
        _ claim: Claim
    ) -> Result {
        Result(
            outcome: endOfPatience(with: known.account, outcome, job, claim) ?? outcome,
            entry: known.turn?.entry,
            mayCount: known.turn?.standing.mayCount ?? false,
            uncalled: known.turn?.pacer.uncalled ?? [],
            maxAttempts: job.maxAttempts
        )
    }
}

extension Admission.Answer {
    /// How the job ends, if nothing of its post is at TikTok.
    fileprivate var end: Outcome? {
        switch self {
        case .cancelled: .cancelled
        case .expired: .expired
        case .run, .wait, .overRate, .duplicate, .stale: nil
        }
    }
}

extension Claim.Stage {
    /// As `workers` shows it.
    var step: String {
        switch self {
        case .post: "preparing"
        case .watch: "asking for the verdict"
        case .reconcile: "asking about a post in doubt"
        case .moderation: "asking for a post's id"
        }
    }
}
