internal import FoundationEssentials
internal import Postgres
internal import Redis
package import TikTok

/// Says what a worker would do with a document now, by the worker's own steps, and posts nothing.
///
/// Of TikTok it asks the creator's settings at most, and a new token where the old one has ended or
/// soon will, as for a post.
package struct DryRun: Sendable {
    let api: TikTokAPI
    let queue: JobQueue
    let admission: Admission
    let accounts: Accounts
    let reader: HistoryReader
    let media: Media
    let pulled: PulledMedia
    let creators: CreatorRules
    let rules: Uploads.Rules
    /// Lists and Celery's tasks that the workers serve.
    let queues: [String]
    let tasks: Set<String>

    package init(
        api: TikTokAPI,
        admission: Admission,
        accounts: Accounts,
        reader: HistoryReader,
        media: Media,
        pulled: PulledMedia,
        rules: Uploads.Rules,
        queues: [String],
        tasks: Set<String>
    ) {
        self.api = api
        queue = admission.queue
        self.admission = admission
        self.accounts = accounts
        self.reader = reader
        self.media = media
        self.pulled = pulled
        creators = CreatorRules(api: api)
        self.rules = rules
        self.queues = queues
        self.tasks = tasks
    }

    /// Looks at everything, also where something speaks against the post already.
    ///
    /// - Parameter ids: of documents that would come before.
    /// - Throws: `RedisError`, `PostgresError`; `Stop` when nobody can be asked.
    package func examine(
        _ document: [UInt8],
        after ids: Set<String>
    ) async throws -> DryRunReport {
        var report = DryRunReport()
        let job: PublishJob
        do throws(BrokenDocument) {
            job = try PublishJob(document: document, tasks: tasks)
            try Publisher.checkWorkflow(of: job)
        } catch {
            report.brokenID = error.id
            report.brokenRules = error.rules
            return report
        }
        report.job = job
        try await lookForID(of: job, ids, &report)
        let held = try await examineAccount(of: job, &report)
        let found = try await examineMedia(of: job, &report)
        try await lookForPauses(&report)
        try await examineCreator(of: job, found, held, &report)
        try prepareRequest(of: job, found, &report)
        examineTimes(of: job, &report)
        return report
    }

    private func lookForID(
        of job: PublishJob,
        _ ids: Set<String>,
        _ report: inout DryRunReport
    ) async throws {
        report.place = try await queue.find(job.id)
        report.row = try await reader.rows(of: [job.id]).first
        if report.place == nil, report.row == nil {
            report.unseen = try await queue.findUnseen(job.id, in: queues)
        }
        let hasEnded = report.row?.status.isFinal ?? false
        if report.place != nil || report.unseen != nil || hasEnded || ids.contains(job.id) {
            report.add(.refused, .idTaken)
        }
    }

    /// Whichever list it is pushed onto: only when all of them are paused, it surely waits.
    private func lookForPauses(_ report: inout DryRunReport) async throws(RedisError) {
        var pauses: [Pauses.Pause] = []
        for queue in queues {
            guard let pause = try await self.queue.pause(of: .queue(queue)) else { return }
            pauses.append(pause)
        }
        let ends = pauses.map(\.left)
        report.prospects.insert(
            Admission.Prospect(
                waitingFor: nil,
                until: ends.contains(nil)
                    ? nil : ends.compactMap(\.self).min().map { .now + $0.seconds },
                words: "every queue of QUEUES is paused: \(pauses.first?.reason ?? "")"
            ),
            at: 0
        )
    }

    /// - Returns: `nil` when there is no token to ask TikTok with.
    private func examineAccount(
        of job: PublishJob,
        _ report: inout DryRunReport
    ) async throws -> HeldToken? {
        guard let account = try await accounts.find(job.account) else {
            report.add(.refused, .accountUnknown)
            return nil
        }
        report.account = account
        let usage = try await admission.usage(of: account.name, dailyPosts: account.dailyPostLimit)
        report.usage = usage
        report.prospects = usage.prospects(for: job, slots: admission.limits.concurrency)
        if usage.excludes(job.mode) { report.add(.blocked, .limitIsZero) }
        let scope = Scopes.needed(for: job.mode)
        if !account.scopes.isEmpty, !account.scopes.contains(scope),
            let failure = Failure.scopeMissing(scope)
        {
            // TikTok would say so to whatever is asked, and the account's posts would wait.
            report.add(.blocked, failure)
            return nil
        }
        do throws(Stop) {
            let held = try await HeldToken(of: account, from: accounts)
            // It may have been refreshed a moment ago.
            report.account = try await reread(account)
            return held
        } catch {
            try report.add(error)
            return nil
        }
    }

    private func reread(_ account: Account) async throws(Stop) -> Account {
        do throws(PostgresError) {
            return try await accounts.find(account.name) ?? account
        } catch {
            throw Stop(HistoryError(error))
        }
    }

    private func examineCreator(
        of job: PublishJob,
        _ found: FoundMedia,
        _ held: HeldToken?,
        _ report: inout DryRunReport
    ) async throws(Stop) {
        // Where the minute is full, a worker would wait, and so does the question.
        if let held, report.usage?.allows(.creatorInfo) ?? true {
            do throws(Stop) {
                _ = try await creators.creator(of: job, seconds: found.seconds) { () throws(Stop) in
                    // Asked by this very command, it is fresh enough also to refuse.
                    if let known = creators.recall(job.account) { return known }
                    return try await askCreator(held)
                }
            } catch {
                try report.add(error)
            }
            report.creator = creators.recall(job.account)
        }
        guard job.mode == .draft || report.creator != nil,
            let refusal = MediaRules.refusal(
                ofSeconds: found.seconds,
                most: CreatorRules.longestVideo(of: job.mode == .draft ? nil : report.creator)
            )
        else { return }
        report.add(.refused, .mediaRefused(found.name, [refusal]))
    }

    private func askCreator(_ held: HeldToken) async throws(Stop) -> CreatorInfo {
        let used = held.current
        do throws(TikTokError) {
            return try await api.creatorInfo(token: used)
        } catch {
            guard try await held.replace(used, after: error) else { throw .tiktok(error) }
        }
        do throws(TikTokError) {
            return try await api.creatorInfo(token: held.current)
        } catch {
            throw .tiktok(error)
        }
    }

    /// What would be sent, once all that goes into it is known.
    private func prepareRequest(
        of job: PublishJob,
        _ found: FoundMedia,
        _ report: inout DryRunReport
    ) throws(Stop) {
        if let bytes = found.uploadBytes {
            do throws(Stop) {
                report.plan = try rules.plan(for: bytes)
            } catch {
                try report.add(error)
            }
        }
        guard job.mode == .draft || report.creator != nil else { return }
        if let plan = report.plan {
            report.request = PostInit(job, report.creator, from: .upload(plan))
        } else if let addresses = found.addresses {
            report.request = PostInit(job, report.creator, fetching: addresses)
        }
    }

    private func examineTimes(of job: PublishJob, _ report: inout DryRunReport) {
        guard let end = job.expiresAt else { return }
        let latest = report.prospects.compactMap(\.until).max()
        if end <= .now {
            report.add(.refused, .timeOver)
        } else if let latest, latest >= end {
            report.add(.refused, .endsWhileWaiting)
        }
    }
}
