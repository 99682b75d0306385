internal import FoundationEssentials
internal import Postgres
internal import TikTok

/// Posts in doubt whose publish id nobody has but TikTok, and a webhook that names it.
extension History {
    /// Jobs in doubt, without a publish id, that posted for these people a short while ago.
    ///
    /// - Returns: their tickets.
    func doubtedTickets(of openIDs: [String]) async throws(HistoryError) -> [String] {
        guard !openIDs.isEmpty else { return [] }
        return try await find(
            """
            SELECT l.ticket FROM publish_history h JOIN publish_ledger l USING (job_id)
            WHERE h.status = 'in_doubt' AND h.open_id = ANY (\(openIDs)) AND l.publish_id IS NULL
              AND l.init_started_at > now() - interval '1 day'
            LIMIT \(Self.notesMax)
            """
        ) { row throws(PostgresError) in try row.text("ticket") }
    }

    /// Gives a job in doubt the publish id that a webhook has named, where it can only be its own:
    /// one post of this person, of the job's kind and mode and made in its time, that no job of
    /// ours is known to have begun, and no second job that it could belong to.
    ///
    /// Takes for granted that one installation posts for the app. Only posts that went well are
    /// adopted: one that failed would invite a person to post again what may be out.
    ///
    /// - Returns: the publish id, if there is one.
    // tidy: long function, because it is one statement that must see one moment.
    func adopt(for job: PublishJob, _ entry: Entry) async throws(HistoryError) -> String? {
        let good = PostNewsKind.allCases.filter(\.isSuccess).map(\.rawValue)
        let adopted = try await find(
            """
            WITH mine AS (
                SELECT h.account, h.open_id, h.mode, l.init_started_at AS began
                FROM publish_history h JOIN publish_ledger l USING (job_id)
                WHERE h.job_id = \(entry.jobID) AND l.ticket = \(entry.ticket)
                  AND h.status = 'in_doubt' AND h.fence <= \(entry.fence)
                  AND l.publish_id IS NULL AND l.init_started_at IS NOT NULL
            ), found AS (
                SELECT DISTINCT w.subject FROM publish_webhooks w JOIN mine m USING (open_id)
                WHERE w.job_id IS NULL AND w.event = ANY (\(good))
                  AND starts_with(w.subject, \(job.publishIDPrefix))
                  AND w.is_draft = (m.mode = 'draft')
                  AND w.said_at BETWEEN m.began - interval '60 seconds'
                      AND m.began + interval '6 hours'
                  AND NOT EXISTS (
                      SELECT FROM publish_history o WHERE o.publish_id = w.subject)
                  AND NOT EXISTS (
                      SELECT FROM publish_history o JOIN publish_events e USING (job_id)
                      WHERE o.account = m.account AND o.updated_at > m.began - interval '1 day'
                        AND e.detail ->> 'publish_id' = w.subject)
            ), rivals AS (
                SELECT FROM publish_history o JOIN publish_ledger l USING (job_id), mine m
                WHERE (o.open_id = m.open_id OR o.account = m.account)
                  AND o.job_id <> \(entry.jobID)
                  AND l.init_started_at IS NOT NULL AND l.publish_id IS NULL
                  AND l.init_started_at BETWEEN m.began - interval '7 hours'
                      AND m.began + interval '7 hours'
            ), adopted AS (
                UPDATE publish_ledger SET publish_id = (SELECT subject FROM found)
                WHERE job_id = \(entry.jobID) AND (SELECT count(*) FROM found) = 1
                  AND NOT EXISTS (SELECT FROM rivals)
                RETURNING job_id, publish_id
            ), shown AS (
                UPDATE publish_history h SET publish_id = a.publish_id, updated_at = now()
                FROM adopted a WHERE h.job_id = a.job_id
            ), event AS (
                INSERT INTO publish_events (job_id, event, attempt, worker, detail)
                SELECT job_id, 'init_answered_late', \(entry.attempt), \(worker),
                    jsonb_build_object('publish_id', publish_id, 'by', 'webhook')
                FROM adopted
            )
            SELECT publish_id FROM adopted
            """
        ) { row throws(PostgresError) in try row.text("publish_id") }
        return adopted.first
    }
}

extension PublishJob {
    /// How TikTok's publish ids of posts whose media it fetches itself begin, as the samples of its
    /// pages show (Direct Post, Upload and Photo references, copies of 2026-09-11).
    fileprivate var publishIDPrefix: String {
        switch (content.kind, mode) {
        case (.photo, _): "p_pub_url~"
        case (.video, .direct): "v_pub_url~"
        case (.video, .draft): "v_inbox_url~"
        }
    }
}
