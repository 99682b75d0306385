internal import Postgres
internal import TikTok

/// Posts that everybody can see only a while after they are complete.
extension History {
    /// What TikTok says of a post whose row has ended well.
    struct PostNews: Sendable {
        let jobID: String
        let publishID: String
        let postIDs: [String]
        /// Where the post can be seen.
        let link: String?
        /// Whether a draft is meant that its owner has posted.
        var isDraftPosted = false
        let source: Source

        enum Source: String {
            case webhook
            /// TikTok was asked.
            case status
        }
    }

    /// The publish id of a public post whose id TikTok holds back; `nil`: its row has it, or there
    /// will never be one.
    ///
    /// Posts that not everybody may see never get one (Get Post Status page, stamped 2026-08-04).
    func idHeldBack(_ job: PublishJob, claim: Claim) async throws(HistoryError) -> String? {
        guard job.isPublic else { return nil }
        return try await find(
            """
            SELECT h.publish_id FROM publish_history h JOIN publish_ledger l USING (job_id)
            WHERE h.job_id = \(job.id) AND l.ticket = \(claim.ticket)
              AND h.fence <= \(claim.fence) AND h.status = 'published'
              AND h.publish_id IS NOT NULL AND h.post_ids = '{}'
            """
        ) { row throws(PostgresError) in try row.text("publish_id") }.first
    }

    /// Writes what a row that has ended well does not know yet: the owner has posted the draft, or
    /// everybody can see the post now.
    ///
    /// Nothing that has ended goes back, whatever comes late, and whoever comes with the same news
    /// changes nothing.
    func show(_ news: PostNews) async throws(HistoryError) {
        let event = news.isDraftPosted ? Status.published.rawValue : "post_public"
        _ = try await find(
            """
            WITH moved AS (
                UPDATE publish_history SET status = 'published', updated_at = now(),
                    post_ids = post_ids || ARRAY(
                        SELECT DISTINCT unnest(\(news.postIDs)::text[])
                        EXCEPT SELECT unnest(post_ids)),
                    share_url = coalesce(share_url, \(news.link))
                WHERE job_id = \(news.jobID) AND publish_id = \(news.publishID)
                  AND ((status = 'delivered' AND \(news.isDraftPosted)::boolean)
                       OR (status = 'published' AND NOT post_ids @> \(news.postIDs)::text[]))
                RETURNING job_id, attempt
            )
            INSERT INTO publish_events (job_id, event, attempt, worker, detail)
            SELECT job_id, \(event), attempt, \(worker),
                jsonb_build_object('by', \(news.source.rawValue)::text)
            FROM moved
            """
        )
    }
}

extension PublishJob {
    /// Whether everybody may see the post: TikTok names the ids of no other.
    var isPublic: Bool { mode == .direct && privacy == .publicToEveryone }
}
