internal import FoundationEssentials
internal import JSON
internal import Postgres

/// Rows that ended, and move on all the same: TikTok has told us by now, or a person has.
extension History {
    /// The row of a job in doubt and what is known of its post.
    struct Doubted: Sendable {
        let entry: Entry
        let publishID: String
        let since: Date
    }

    /// - Returns: `nil` when the job is in doubt no more.
    func doubted(
        _ job: PublishJob,
        claim: Claim
    ) async throws(HistoryError) -> Doubted? {
        let rows = try await find(
            """
            SELECT h.attempt, h.finished_at, l.publish_id
            FROM publish_history h JOIN publish_ledger l USING (job_id)
            WHERE h.job_id = \(job.id) AND l.ticket = \(claim.ticket) AND h.status = 'in_doubt'
              AND l.publish_id IS NOT NULL AND h.fence <= \(claim.fence)
            """
        )
        guard let row = rows.first else { return nil }
        do throws(PostgresError) {
            let entry = Entry(
                jobID: job.id,
                ticket: claim.ticket,
                fence: claim.fence,
                attempt: try row.int("attempt")
            )
            return Doubted(
                entry: entry,
                publishID: try row.text("publish_id"),
                since: try row.dateIfAny("finished_at") ?? .now
            )
        } catch {
            throw noted(error)
        }
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

    private func find(_ statement: SQL) async throws(HistoryError) -> [PostgresRow] {
        do {
            return try await database.query(statement)
        } catch {
            throw noted(error)
        }
    }
}
