internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import TikTok

/// What webhooks have said: kept before TikTok is told so, and tied to a job as soon as its publish
/// id is known here.
///
/// A webhook may come while a worker writes the very row it is about. So each side commits its own
/// part first and looks for the other's after that: at least one of them sees both.
extension History {
    /// Most notes that are kept, or followed, at once.
    static let notesMax = 100
    /// Longer than a webhook can come again: `WebhookSignature.longestAge`.
    private static let notesKept = Duration.seconds(14 * 86_400)

    /// Keeps what webhooks have said, each thing once.
    static func keep(
        _ notes: [WebhookNote],
        in database: PostgresPool,
        worker: String
    ) async -> [Result<Void, PostgresError>] {
        let given = JSONValue.array(notes.map(\.json)).encodedText
        do throws(PostgresError) {
            try await database.execute(
                """
                INSERT INTO publish_webhooks (
                    subject, event, post_id, open_id, reason, is_draft, said_at, worker)
                SELECT subject, event, post_id, open_id, reason, is_draft, to_timestamp(said),
                    \(worker)
                FROM jsonb_to_recordset(\(given)::jsonb) AS given (
                    subject text, event text, post_id text, open_id text, reason text,
                    is_draft boolean, said float8)
                ON CONFLICT (subject, event, post_id) DO NOTHING
                """
            )
            return notes.map { _ in .success(()) }
        } catch {
            return notes.map { _ in .failure(error) }
        }
    }

    /// Whether TikTok has sent word of this post.
    func isAnnounced(_ publishID: String) async throws(HistoryError) -> Bool {
        let rows = try await find(
            "SELECT FROM publish_webhooks WHERE subject = \(publishID) LIMIT 1"
        )
        return !rows.isEmpty
    }

    // MARK: Following

    /// A kept note that nobody has followed yet.
    struct OpenNote: Sendable {
        let number: String
        let subject: String
        let event: String
        let openID: String
        let reason: String?
        let receivedAt: Date
        /// How often it could not be followed.
        let tries: Int
    }

    /// This worker's notes, and those that another has left for so long, but for what is put off.
    ///
    /// - Parameter ofRemovals: of consents that ended; else of posts.
    func openNotes(
        ofRemovals: Bool,
        leftFor pause: Duration
    ) async throws(HistoryError) -> [OpenNote] {
        try await find(
            """
            SELECT id::text, subject, event, open_id, reason, received_at, tries
            FROM publish_webhooks
            WHERE followed_at IS NULL AND (try_after IS NULL OR try_after < now())
              AND (event = \(WebhookNote.removal)) = \(ofRemovals)::boolean AND (worker = \(worker)
                OR received_at < now() - \(pause.seconds)::float8 * interval '1 second')
            ORDER BY received_at LIMIT \(Self.notesMax)
            """
        ) { row throws(PostgresError) in
            OpenNote(
                number: try row.text("id"),
                subject: try row.text("subject"),
                event: try row.text("event"),
                openID: try row.text("open_id"),
                reason: try row.textIfAny("reason"),
                receivedAt: try row.date("received_at"),
                tries: try row.int("tries")
            )
        }
    }

    /// The note could not be followed: others come first for a while.
    func putOff(_ note: OpenNote, for pause: Duration) async throws(HistoryError) {
        _ = try await find(
            """
            UPDATE publish_webhooks SET tries = tries + 1,
                try_after = now() + \(pause.seconds)::float8 * interval '1 second'
            WHERE id = \(note.number)::bigint
            """
        )
    }

    func followed(_ notes: [OpenNote]) async throws(HistoryError) {
        _ = try await find(
            """
            UPDATE publish_webhooks SET followed_at = now()
            WHERE id = ANY (\(notes.map(\.number))::bigint[])
            """
        )
    }

    /// Forgets notes that can not come again.
    func forgetOldNotes() async throws(HistoryError) {
        _ = try await find(
            """
            DELETE FROM publish_webhooks WHERE id IN (
                SELECT id FROM publish_webhooks
                WHERE received_at < now() - \(Self.notesKept.seconds)::float8 * interval '1 second'
                ORDER BY received_at LIMIT 10000)
            """
        )
    }

    // MARK: The jobs they are about

    /// A job that TikTok has sent word of.
    struct Announced: Sendable {
        let jobID: String
        let publishID: String
        let ticket: String
        let kind: PublishJob.Kind
        let status: Status
        let username: String?
        let knownPosts: [String]
        /// Where the post can be seen, by the webhooks.
        let posts: [PostID]
        /// Whether the webhooks say that it is out.
        let isOut: Bool

        /// Whether a question is open that the webhooks give reason to ask now; where they have
        /// told the id of a post that is out, nobody need ask for it any more.
        var isAskedAbout: Bool {
            !status.isFinal || status == .inDoubt || status == .published && !posts.isEmpty
        }
    }

    /// Ties notes to their jobs, where each shows among the events, and moves rows that have ended
    /// on to what the notes say.
    ///
    /// - Returns: the jobs that were found.
    func tell(_ publishIDs: [String]) async throws(HistoryError) -> [Announced] {
        try await tell(where: "h.publish_id = ANY (\(publishIDs))")
    }

    /// The same for a job whose last row was written a moment ago.
    func catchUp(_ job: String) async throws(HistoryError) {
        _ = try await tell(where: "h.job_id = \(job)")
    }

    private func tell(where condition: SQL) async throws(HistoryError) -> [Announced] {
        let rows: [PostgresRow]
        do {
            let results = try await database.pipeline([tie(condition), announced(condition)])
            rows = results.last?.rows ?? []
        } catch {
            throw noted(error)
        }
        let all = try decode(rows, Announced.init)
        for one in all { try await moveOn(one) }
        return all
    }

    private func tie(_ condition: SQL) -> SQL {
        """
        WITH tied AS (
            UPDATE publish_webhooks w SET job_id = h.job_id FROM publish_history h
            WHERE \(condition) AND w.subject = h.publish_id AND w.job_id IS NULL
            RETURNING w.*, h.attempt
        )
        INSERT INTO publish_events (job_id, event, attempt, worker, detail)
        SELECT job_id, 'webhook', attempt, \(worker), jsonb_strip_nulls(jsonb_build_object(
            'event', event, 'publish_id', subject, 'post_id', nullif(post_id, ''),
            'reason', reason, 'said_at', said_at))
        FROM tied ORDER BY said_at, id
        """
    }

    private func announced(_ condition: SQL) -> SQL {
        """
        SELECT h.job_id, h.publish_id, h.kind, h.status, h.post_ids, l.ticket, a.username,
            coalesce(array_agg(w.post_id) FILTER (
                WHERE w.event = 'publicly_available' AND w.post_id <> ''), '{}') AS posts,
            bool_or(w.event IN ('complete', 'publicly_available')) AS is_out
        FROM publish_history h
        JOIN publish_webhooks w ON w.subject = h.publish_id
        JOIN publish_ledger l ON l.job_id = h.job_id
        LEFT JOIN tiktok_accounts a ON a.account = h.account
        WHERE \(condition)
        GROUP BY h.job_id, l.job_id, a.account
        """
    }

    private func moveOn(_ one: Announced) async throws(HistoryError) {
        let isOutNow = one.status == .delivered && one.isOut
        let fresh = one.posts.map(\.text).filter { !one.knownPosts.contains($0) }
        guard one.status.isSuccess, isOutNow || !fresh.isEmpty else { return }
        let news = PostNews(
            jobID: one.jobID,
            publishID: one.publishID,
            postIDs: fresh,
            link: one.posts.first.flatMap { one.kind.link(to: $0, by: one.username) },
            isDraftPosted: isOutNow,
            source: .webhook
        )
        try await show(news)
    }
}

extension History.Announced {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        jobID = try row.text("job_id")
        publishID = try row.text("publish_id")
        ticket = try row.text("ticket")
        guard let kind = PublishJob.Kind(rawValue: try row.text("kind")) else {
            throw .decoding(column: "kind", reason: "is a word this program does not know")
        }
        self.kind = kind
        status = try Status(row)
        username = try row.textIfAny("username")
        knownPosts = try row.textArray("post_ids")
        posts = try row.textArray("posts").compactMap { PostID($0) }
        isOut = try row.bool("is_out")
    }
}
