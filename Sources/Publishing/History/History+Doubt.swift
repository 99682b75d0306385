internal import FoundationEssentials
internal import JSON
internal import Postgres

/// Rows that ended, and move on all the same: TikTok has told us by now, or a person has.
extension History {
    /// The row of a job in doubt and what is known of its post.
    struct Doubted: Sendable {
        let entry: Entry
        let clue: Clue
        let since: Date

        /// By what it can be asked about.
        enum Clue: Sendable {
            case publishID(String)
            /// Its init was about to be sent then, and nobody knows its answer.
            case initStarted(Date)
        }
    }

    /// - Returns: `nil` when the job is in doubt no more.
    func doubted(
        _ job: PublishJob,
        claim: Claim
    ) async throws(HistoryError) -> Doubted? {
        let found = try await find(
            """
            SELECT h.attempt, h.finished_at, l.publish_id, l.init_started_at
            FROM publish_history h JOIN publish_ledger l USING (job_id)
            WHERE h.job_id = \(job.id) AND l.ticket = \(claim.ticket) AND h.status = 'in_doubt'
              AND (l.publish_id IS NOT NULL OR l.init_started_at IS NOT NULL)
              AND h.fence <= \(claim.fence)
            """
        ) { row throws(PostgresError) in
            let entry = Entry(
                jobID: job.id,
                ticket: claim.ticket,
                fence: claim.fence,
                attempt: try row.int("attempt")
            )
            let clue: Doubted.Clue =
                if let publishID = try row.textIfAny("publish_id") {
                    .publishID(publishID)
                } else {
                    .initStarted(try row.date("init_started_at"))
                }
            return Doubted(
                entry: entry,
                clue: clue,
                since: try row.dateIfAny("finished_at") ?? .now
            )
        }
        return found.first
    }

    /// TikTok has told what became of a post that was in doubt.
    func reconciled(
        _ entry: Entry,
        as status: Status,
        failure: Failure?,
        postIDs: [String],
        shareURL: String?
    ) async throws(HistoryError) {
        var changes: SQL = """
            status = \(status.rawValue), post_ids = \(postIDs), share_url = \(shareURL),
            """
        changes += failure.map(Self.errorColumns) ?? Self.noErrorColumns
        let rows = try await find(
            """
            WITH changed AS (
                UPDATE publish_history
                SET \(changes), worker = \(worker), fence = \(entry.fence), updated_at = now()
                WHERE job_id = \(entry.jobID) AND fence <= \(entry.fence) AND status = 'in_doubt'
                RETURNING job_id, attempt
            )
            INSERT INTO publish_events (job_id, event, attempt, worker, detail)
            SELECT job_id, 'reconciled', attempt, \(worker),
                jsonb_build_object('status', \(status.rawValue)::text)
            FROM changed RETURNING id
            """
        )
        guard rows.count == 1 else { throw .stale }
    }

    /// Lets a job that ended without a post begin anew.
    ///
    /// Its upload is forgotten with it: TikTok has failed that one, or never got it whole.
    ///
    /// - Parameter evenInDoubt: also when TikTok may have posted it; only a person can know better.
    /// - Returns: whether the job may begin now.
    package func reopen(_ job: String, evenInDoubt: Bool) async throws(HistoryError) -> Bool {
        let ends: [String] = ["failed", "rejected"] + (evenInDoubt ? ["in_doubt"] : [])
        let rows = try await find(
            """
            WITH reopened AS (
                UPDATE publish_history
                SET status = 'waiting', attempt = 1, finished_at = NULL, error_code = NULL,
                    error_owner = NULL, error_message = NULL, error_action = NULL,
                    publish_id = NULL, uploaded_bytes = NULL, updated_at = now()
                WHERE job_id = \(job) AND status = ANY (\(ends))
                RETURNING job_id
            ), forgotten AS (
                UPDATE publish_ledger SET \(Self.noUpload)
                WHERE job_id IN (SELECT job_id FROM reopened)
            ), event AS (
                INSERT INTO publish_events (job_id, event, attempt, worker, detail)
                SELECT job_id, 'reopened', 1, \(worker), '{}' FROM reopened
            )
            SELECT job_id FROM reopened
            UNION SELECT job_id FROM publish_history
            WHERE job_id = \(job) AND status <> ALL (\(Status.final))
            """
        )
        return !rows.isEmpty
    }

    /// Those of these posts that a job is known to have made.
    func knownPosts(_ ids: [String]) async throws(HistoryError) -> Set<String> {
        let known = try await find(
            "SELECT unnest(post_ids) AS id FROM publish_history WHERE post_ids && \(ids)"
        ) { row throws(PostgresError) in try row.text("id") }
        return Set(known)
    }

    /// Whether another job of the account may have made a post that looks the same, and whose
    /// number nobody knows.
    func hasTwin(_ job: PublishJob, since began: Date) async throws(HistoryError) -> Bool {
        let rows = try await find(
            """
            SELECT FROM publish_history
            WHERE account = \(job.account) AND job_id <> \(job.id)
              AND title IS NOT DISTINCT FROM \(job.options.title) AND post_ids = '{}'
              AND status NOT IN ('rejected', 'expired', 'failed', 'cancelled')
              AND updated_at >= \(began)::timestamptz - interval '1 hour'
            LIMIT 1
            """
        )
        return !rows.isEmpty
    }
}
