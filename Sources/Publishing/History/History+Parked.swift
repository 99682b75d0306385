internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import TikTok

/// Rows of jobs that wait for their account: they may come by the thousand.
extension History {
    /// A job that admission has parked.
    struct Parked: Sendable {
        let job: PublishJob
        let claim: Claim
        let reason: WaitingFor
        let until: Date?

        /// Whether the events say it already: a job that waits for the rate of its task looks again
        /// and again.
        var isTold: Bool { reason == .rateLimit && claim.polls > 0 }
    }

    /// Makes or changes the row of a job that admission has parked, together with those of others
    /// that come at the same time.
    ///
    /// - Returns: whether the row is this claim's; `false`: a newer claim has it, or it has ended.
    func park(_ parked: Parked) async throws(HistoryError) -> Bool {
        switch await parkings.ask(parked) {
        case .success(let isOurs): return isOurs
        case .failure(let error): throw noted(error)
        }
    }

    /// Most rows of one statement.
    static let parkedMax = 256

    /// Answers each of `parked`.
    ///
    /// What PostgreSQL refuses of all together it is asked for one by one: only the one that it
    /// does not take has to wait.
    static func park(
        _ parked: [Parked],
        in database: PostgresPool,
        worker: String
    ) async -> [Result<Bool, PostgresError>] {
        // Newest claim first: one statement can change a row only once.
        var newest: [String: Parked] = [:]
        for one in parked where one.claim.fence >= newest[one.job.id]?.claim.fence ?? 0 {
            newest[one.job.id] = one
        }
        do throws(PostgresError) {
            let rows = Array(newest.values)
            let written = try await database.query(statement(rows, worker: worker))
            var fences: [String: Int64] = [:]
            for row in written { fences[try row.text("job_id")] = try row.int64("fence") }
            return parked.map { .success(fences[$0.job.id] == $0.claim.fence) }
        } catch {
            guard parked.count > 1, case .refused = HistoryError(error) else {
                return parked.map { _ in .failure(error) }
            }
            var answers: [Result<Bool, PostgresError>] = []
            for one in parked { answers += await park([one], in: database, worker: worker) }
            return answers
        }
    }

    /// `rows` as a table: an array for each column, which is the least work for both sides.
    private static func table(_ rows: [Parked]) -> SQL {
        func column(_ value: (Parked) -> String?) -> [String?] { rows.map(value) }
        let claims = rows.map(\.claim)
        return """
            SELECT * FROM unnest(
                \(rows.map(\.job.id))::text[], \(rows.map(\.job.account))::text[],
                \(rows.map(\.job.content.kind.rawValue))::text[],
                \(rows.map(\.job.mode.rawValue))::text[],
                \(column { $0.job.options.title })::text[],
                \(column { $0.job.privacy?.tiktokName })::text[],
                \(claims.map { String($0.attempts + 1) })::int[],
                \(claims.map(\.queue))::text[], \(rows.map(\.job.source))::text[],
                \(column { $0.job.metadata?.encodedText })::jsonb[],
                \(claims.map { milliseconds($0.receivedAt) })::bigint[],
                \(claims.map { String($0.fence) })::bigint[], \(claims.map(\.ticket))::text[],
                \(rows.map(\.reason.rawValue))::text[],
                \(column { $0.until.map(milliseconds) })::bigint[],
                \(rows.map { $0.isTold ? "t" : "f" })::boolean[]
            ) AS given (
                job_id, account, kind, mode, title, privacy, attempt, queue, source, metadata,
                received, fence, ticket, waiting_for, until, is_told)
            """
    }

    private static func statement(_ rows: [Parked], worker: String) -> SQL {
        """
        WITH given AS (
            \(table(rows))
        ), written AS (
            INSERT INTO publish_history (
                job_id, account, kind, mode, status, title, privacy, attempt, queue, source,
                worker, metadata, received_at, fence, waiting_for, next_attempt_at)
            SELECT job_id, account, kind, mode, 'waiting', title, privacy, attempt, queue, source,
                \(worker), metadata, to_timestamp(received / 1000.0), fence,
                waiting_for, to_timestamp(until / 1000.0)
            FROM given
            ON CONFLICT (job_id) DO UPDATE SET
                status = 'waiting', attempt = EXCLUDED.attempt, worker = EXCLUDED.worker,
                fence = EXCLUDED.fence, waiting_for = EXCLUDED.waiting_for,
                next_attempt_at = EXCLUDED.next_attempt_at, updated_at = now()
            WHERE publish_history.fence <= EXCLUDED.fence
              AND publish_history.status <> ALL (\(Status.final))
            RETURNING job_id, fence, attempt
        ), ledgers AS (
            INSERT INTO publish_ledger (job_id, ticket)
            SELECT job_id, ticket FROM written JOIN given USING (job_id)
            ON CONFLICT (job_id) DO UPDATE SET ticket = EXCLUDED.ticket
        ), events AS (
            INSERT INTO publish_events (job_id, event, attempt, worker, detail)
            SELECT job_id, 'waiting', written.attempt, \(worker),
                jsonb_build_object('waiting_for', waiting_for)
            FROM written JOIN given USING (job_id) WHERE NOT is_told
        )
        SELECT job_id, fence FROM written
        """
    }

    private static func milliseconds(_ date: Date) -> String {
        String(Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }
}
