internal import FoundationEssentials
internal import JSON
internal import Postgres

/// Posts whose media TikTok fetches itself: their init posts, so it leaves a trace before it is
/// sent and another when it is answered.
extension History {
    /// The init is about to be sent; from here on the post may go live.
    func initStarts(_ entry: Entry, verdictBy deadline: Date) async throws(HistoryError) {
        try await write(
            Self.noErrorColumns,
            ledger: "init_started_at = now(), verdict_deadline = \(deadline)",
            to: entry,
            event: "init_started"
        )
    }

    /// TikTok has the post, and goes on by itself.
    func initAnswered(
        _ entry: Entry,
        publishID: String,
        verdictBy deadline: Date,
        logID: String?
    ) async throws(HistoryError) {
        try await write(
            "status = 'processing', publish_id = \(publishID), log_id = \(logID)",
            ledger: "publish_id = \(publishID), verdict_deadline = \(deadline)",
            to: entry,
            event: "init_answered",
            detail: ["publish_id": .string(publishID)]
        )
    }

    /// TikTok refused the init, or it was never sent: the next one begins from nothing.
    ///
    /// - Parameter code: why; `nil` when it was not sent.
    func initRefused(_ entry: Entry, code: String?) async throws(HistoryError) {
        try await write(
            "status = 'preparing'",
            ledger: Self.noUpload,
            to: entry,
            event: "init_refused",
            detail: code.map { ["code": .string($0)] } ?? [:]
        )
    }

    /// TikTok has answered a worker that stood still for longer than its lease.
    ///
    /// Whoever took the job over could only leave it in doubt, and now has something to ask about.
    func initAnsweredLate(_ entry: Entry, publishID: String) async throws(HistoryError) {
        let detail: JSONValue = ["publish_id": .string(publishID)]
        let statement: SQL = """
            WITH noted AS (
                UPDATE publish_ledger SET publish_id = \(publishID)
                WHERE job_id = \(entry.jobID) AND ticket = \(entry.ticket)
                  AND publish_id IS NULL AND init_started_at IS NOT NULL
                RETURNING job_id
            ), shown AS (
                UPDATE publish_history SET publish_id = \(publishID), updated_at = now()
                WHERE job_id IN (SELECT job_id FROM noted)
            )
            INSERT INTO publish_events (job_id, event, attempt, worker, detail)
            SELECT job_id, 'init_answered_late', \(entry.attempt), \(worker),
                \(detail.encodedText)::jsonb
            FROM noted
            """
        do {
            _ = try await database.execute(statement)
        } catch {
            throw noted(error)
        }
    }
}
