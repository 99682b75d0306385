package import FoundationEssentials
internal import Postgres
internal import Redis
internal import TikTok

/// What happens to one job, on one screen: each step lives in the folder of the same name.
package struct Publisher: Sendable {
    private let admission: Admission
    private let accounts: Accounts
    private let media: Media
    private let uploads: Uploads
    private let verdict: Verdict
    private let history: History
    private let drain: Drain

    /// A job whose workers died this often without a verdict is not tried again.
    private static let deliveriesMax = 4

    package init(
        admission: Admission,
        accounts: Accounts,
        media: Media,
        uploads: Uploads,
        verdict: Verdict,
        history: History,
        drain: Drain
    ) {
        self.admission = admission
        self.accounts = accounts
        self.media = media
        self.uploads = uploads
        self.verdict = verdict
        self.history = history
        self.drain = drain
    }

    /// What one turn came to, and where it must be written.
    package struct Result: Sendable {
        package let outcome: Outcome
        /// `nil` when there is no row to write to.
        package let entry: History.Entry?
        /// Whether TikTok may count this post against the account's daily limit.
        package var mayCount = false
        /// Set when the post may be out: then it has not failed before TikTok says so.
        package var verdictBy: Date?
        /// The job's own limit of attempts.
        package var maxAttempts: Int?
    }

    /// Takes a claimed job as far as it goes now.
    package func publish(_ claim: Claim, lease: Lease) async -> Result {
        do throws(BrokenDocument) {
            let job = try PublishJob(claim)
            return await publish(job, claim, lease)
        } catch {
            return await reject(error, claim)
        }
    }

    private func publish(_ job: PublishJob, _ claim: Claim, _ lease: Lease) async -> Result {
        var entry: History.Entry?
        var standing: Standing?
        do throws(Stop) {
            let account = try await find(job.account)
            if claim.stage == .post {
                let answer = try await admit(job, claim, account)
                guard answer == .run else { return try await parked(answer, job, claim) }
            }
            let status: Status = claim.stage == .watch ? .processing : .preparing
            switch try await open(job, claim, as: status) {
            case .ours(let opened, let ledger):
                let known = Standing(ledger)
                (entry, standing) = (opened, known)
                let outcome = try await post(job, account, claim, lease, opened, ledger, known)
                return result(outcome, job, opened, known)
            case .ended(let final): return Result(outcome: .alreadyRecorded(final), entry: nil)
            case .duplicate: return try await duplicate(job)
            }
        } catch {
            let outcome = Outcome(error, verdictBy: standing?.verdictDeadline)
            return result(outcome, job, entry, standing)
        }
    }

    /// The path itself: from an admitted job to TikTok's verdict.
    private func post(
        _ job: PublishJob,
        _ account: Account?,
        _ claim: Claim,
        _ lease: Lease,
        _ entry: History.Entry,
        _ ledger: Ledger,
        _ standing: Standing
    ) async throws(Stop) -> Outcome {
        guard claim.deliveries <= Self.deliveriesMax else { throw .refused(.workerKiller) }
        if job.hasExpired, ledger.publishID == nil { return .expired }
        guard let account else { throw .refused(.accountUnknown) }
        let turn = Turn(
            job: job,
            claim: claim,
            lease: lease,
            drain: drain,
            entry: entry,
            token: try token(of: account),
            standing: standing
        )
        if let outcome = try await verdict.ask(ledger, for: turn, username: account.username) {
            try await recordUnseenEnd(of: ledger, turn, outcome)
            return outcome
        }
        guard claim.stage == .post else {
            // TikTok waits for bytes still, and sending needs a slot of the account.
            throw .failed(.uploadStuck("TikTok has not got every byte"))
        }
        return try await upload(turn, account, ledger)
    }

    /// The worker that sent the last byte died before it could say so.
    private func recordUnseenEnd(
        of ledger: Ledger,
        _ turn: Turn,
        _ outcome: Outcome
    ) async throws(Stop) {
        guard let upload = ledger.upload, upload.sentBytes < upload.source.bytes,
            outcome.isSuccess, case .video(let reference, _) = turn.job.content
        else { return }
        // The file is only read for its hash; it may be gone by now.
        let video = try? await media.open(reference)
        do {
            try await uploads.end(upload, video, turn)
        } catch {
            // TikTok's verdict counts for more than what we could not note beside it.
            if case .lost = error { throw error }
        }
    }

    private func upload(
        _ turn: Turn,
        _ account: Account,
        _ ledger: Ledger
    ) async throws(Stop) -> Outcome {
        guard case .video(let reference, .upload) = turn.job.content else {
            throw .refused(.sourceUnsupported)
        }
        let video = try await media.open(reference)
        try await turn.recording { () throws(HistoryError) in
            try await history.began(turn.entry, openID: account.openID)
        }
        try await uploads.post(video, for: turn, ledger: ledger)
        return .waiting(
            .tiktok,
            for: VerdictPolling.delay(afterPolls: 0),
            stage: .watch,
            holdAccount: false,
            why: nil
        )
    }

    // MARK: The steps, with their errors turned into stops

    private func find(_ account: String) async throws(Stop) -> Account? {
        do {
            return try await accounts.find(account)
        } catch {
            throw Stop(HistoryError(error))
        }
    }

    private func token(of account: Account) throws(Stop) -> AccessToken {
        do {
            return try accounts.token(of: account)
        } catch {
            throw .refused(error)
        }
    }

    /// A job that will not post now still asks whether its id is its own.
    private func admit(
        _ job: PublishJob,
        _ claim: Claim,
        _ account: Account?
    ) async throws(Stop) -> Admission.Answer {
        let ends = job.hasExpired || claim.deliveries > Self.deliveriesMax
        do {
            return try await admission.admit(
                job,
                claim: claim,
                dailyPosts: account?.dailyPostLimit,
                needsSlot: !ends
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

    // MARK: Jobs that do not run now

    private func parked(
        _ answer: Admission.Answer,
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(Stop) -> Result {
        switch answer {
        case .run, .stale: throw .lost
        case .duplicate: return try await duplicate(job)
        case .wait(let reason, let until):
            switch try await openPatiently(job, claim) {
            case .ours(let entry, _):
                return Result(outcome: .parked(reason, until: until), entry: entry)
            case .ended, .duplicate:
                // The queue holds a job that has ended; its next turn finds that out again.
                return Result(outcome: .lost, entry: nil)
            }
        }
    }

    /// Admission has parked the job already: without its row nobody would know where it is.
    private func openPatiently(
        _ job: PublishJob,
        _ claim: Claim
    ) async throws(Stop) -> History.Opening {
        // A task of its own: the lease has ended with the admission, and that cancels this turn.
        let opening = await Task { () -> Swift.Result<History.Opening, Stop> in
            for _ in 0..<30 {
                do throws(HistoryError) {
                    return .success(try await history.open(job, claim: claim, status: .waiting))
                } catch {
                    guard case .away = error, !drain.isDraining else {
                        return .failure(Stop(error))
                    }
                }
                try? await Task.sleep(for: .seconds(1))  // nobody cancels this task
            }
            return .failure(.databaseAway)
        }.value
        return try opening.get()
    }

    private func duplicate(_ job: PublishJob) async throws(Stop) -> Result {
        do {
            try await history.duplicate(of: job.id)
            return Result(outcome: .duplicate, entry: nil)
        } catch {
            throw Stop(error)
        }
    }

    private func reject(_ broken: BrokenDocument, _ claim: Claim) async -> Result {
        do {
            try await history.rejected(broken, claim: claim)
            return Result(outcome: .rejected(.documentBroken(broken)), entry: nil)
        } catch {
            return Result(outcome: Outcome(Stop(error), verdictBy: nil), entry: nil)
        }
    }

    private func result(
        _ outcome: Outcome,
        _ job: PublishJob,
        _ entry: History.Entry?,
        _ standing: Standing?
    ) -> Result {
        Result(
            outcome: outcome,
            entry: entry,
            mayCount: standing?.mayCount ?? false,
            verdictBy: standing?.verdictDeadline,
            maxAttempts: job.maxAttempts
        )
    }
}

extension PublishJob {
    var hasExpired: Bool { expiresAt.map { $0 <= .now } ?? false }
}
