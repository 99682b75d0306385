package import EventLoop
internal import FoundationEssentials
internal import JSON
package import Postgres
internal import TikTok

/// The judge of what was published: one row a job, and an event for each thing that happened to it.
///
/// Every write carries the fence of the claim and changes nothing when a newer claim, or a final
/// status, stands in the row; the method then throws `HistoryError.stale`, and the worker stops.
package struct History: Sendable {
    let database: PostgresPool
    /// Stands in the rows and events this process writes.
    let worker: String
    let parkings: Batches<Parked, Result<Bool, PostgresError>>
    /// Raised by whoever finds that PostgreSQL is away.
    let alarm = Alarm()

    /// - Parameters:
    ///   - database: with the schema up to date.
    ///   - loop: the database's.
    ///   - worker: as rows and events name it.
    package init(database: PostgresPool, on loop: EventLoop, worker: String) {
        self.database = database
        self.worker = worker
        parkings = Batches(on: loop, atMost: Self.parkedMax) { parked in
            await Self.park(parked, in: database, worker: worker)
        }
    }

    /// What an error means; an outage is told to whoever looks after PostgreSQL.
    func noted(_ error: PostgresError) -> HistoryError {
        let error = HistoryError(error)
        if case .away = error { alarm.raise() }
        return error
    }

    /// Sends one statement; an outage is told.
    func find(_ statement: SQL) async throws(HistoryError) -> [PostgresRow] {
        do {
            return try await database.query(statement)
        } catch {
            throw noted(error)
        }
    }

    /// The same, and reads what it finds.
    func find<Found>(
        _ statement: SQL,
        _ read: (PostgresRow) throws(PostgresError) -> Found
    ) async throws(HistoryError) -> [Found] {
        try decode(try await find(statement), read)
    }

    func decode<Found>(
        _ rows: [PostgresRow],
        _ read: (PostgresRow) throws(PostgresError) -> Found
    ) throws(HistoryError) -> [Found] {
        var found: [Found] = []
        do throws(PostgresError) {
            for row in rows { found.append(try read(row)) }
        } catch {
            throw noted(error)
        }
        return found
    }

    /// The row to write to: which job, under which claim.
    package struct Entry: Sendable {
        package let jobID: String
        let ticket: String
        let fence: Int64
        let attempt: Int
    }

    /// What `open` found.
    package enum Opening: Sendable {
        /// The row is ours to write; the ledger says how far the post has come.
        case ours(Entry, Ledger)
        /// This very claim's job has its final status; only the queue does not know.
        case ended(Status)
        /// Another job with the same id has ended before.
        case duplicate
    }

    // MARK: Opening the row

    /// Makes the job's row, or takes it over from an earlier claim.
    ///
    /// - Parameter status: `preparing` or `processing`.
    package func open(
        _ job: PublishJob,
        claim: Claim,
        status: Status
    ) async throws(HistoryError) -> Opening {
        do throws(PostgresError) {
            let opening = opening(job, claim: claim, status: status)
            if let row = try await database.query(opening).first {
                let entry = Entry(
                    jobID: job.id,
                    ticket: claim.ticket,
                    fence: claim.fence,
                    attempt: claim.attempts + 1
                )
                return .ours(entry, try Ledger(row))
            }
        } catch {
            throw noted(error)
        }
        guard let refusal = try await refusal(of: job, claim: claim) else { throw .stale }
        return refusal
    }

    /// Makes or takes over the row and its ledger in one statement; answers the ledger.
    private func opening(_ job: PublishJob, claim: Claim, status: Status) -> SQL {
        """
            WITH opened AS (
                INSERT INTO publish_history (
                    job_id, account, kind, mode, status, title, privacy, attempt, queue, source,
                    worker, metadata, received_at, started_at, fence)
                VALUES (
                    \(job.id), \(job.account), \(job.content.kind.rawValue), \(job.mode.rawValue),
                    \(status.rawValue), \(job.options.title), \(job.privacy?.tiktokName),
                    \(claim.attempts + 1), \(claim.queue), \(job.source), \(worker),
                    \(job.metadata?.encodedText), \(claim.receivedAt),
                    now(), \(claim.fence))
                ON CONFLICT (job_id) DO UPDATE SET
                    status = EXCLUDED.status, attempt = EXCLUDED.attempt, worker = EXCLUDED.worker,
                    started_at = coalesce(publish_history.started_at, EXCLUDED.started_at),
                    fence = EXCLUDED.fence, waiting_for = NULL, next_attempt_at = NULL,
                    updated_at = now()
                WHERE publish_history.fence <= EXCLUDED.fence
                  AND publish_history.status <> ALL (\(Status.final))
                RETURNING job_id
            ), ledger AS (
                INSERT INTO publish_ledger (job_id, ticket)
                SELECT job_id, \(claim.ticket) FROM opened
                ON CONFLICT (job_id) DO UPDATE SET ticket = EXCLUDED.ticket
                RETURNING *
            )
            SELECT * FROM ledger
        """
    }

    /// Why the row did not let itself be opened; `nil`: a newer claim has it.
    func refusal(
        of job: PublishJob,
        claim: Claim
    ) async throws(HistoryError) -> Opening? {
        do {
            return try await findRefusal(job, claim: claim)
        } catch {
            throw noted(error)
        }
    }

    private func findRefusal(
        _ job: PublishJob,
        claim: Claim
    ) async throws(PostgresError) -> Opening? {
        let rows = try await database.query(
            """
            SELECT h.status, l.ticket
            FROM publish_history h LEFT JOIN publish_ledger l USING (job_id)
            WHERE h.job_id = \(job.id)
            """
        )
        guard let row = rows.first,
            let status = Status(rawValue: try row.text("status")), status.isFinal
        else { return nil }
        return try row.textIfAny("ticket") == claim.ticket ? .ended(status) : .duplicate
    }

    /// Whether a worker of this job had begun what publishes it, the last chunk or an init that
    /// posts by itself: the post may be out.
    func mayBeOut(_ job: PublishJob, claim: Claim) async throws(HistoryError) -> Bool {
        let rows = try await find(
            """
            SELECT FROM publish_ledger
            WHERE job_id = \(job.id) AND ticket = \(claim.ticket)
              AND verdict_deadline IS NOT NULL
            """
        )
        return !rows.isEmpty
    }

    // MARK: Writing to it

    /// Changes the row and adds an event, both or neither.
    func write(
        _ changes: SQL,
        to entry: Entry,
        event: String,
        detail: JSONValue = [:]
    ) async throws(HistoryError) {
        try await write([statement(changes, to: entry, event: event, detail: detail)])
    }

    /// Changes the ledger in the same transaction as the row.
    func write(
        _ changes: SQL,
        ledger: SQL,
        to entry: Entry,
        event: String,
        detail: JSONValue = [:]
    ) async throws(HistoryError) {
        try await write([
            statement(changes, to: entry, event: event, detail: detail),
            """
            UPDATE publish_ledger SET \(ledger)
            WHERE job_id = \(entry.jobID) AND EXISTS (
                SELECT 1 FROM publish_history
                WHERE job_id = \(entry.jobID) AND fence = \(entry.fence)
                  AND updated_at = now())
            """,
        ])
    }

    private func write(_ statements: [SQL]) async throws(HistoryError) {
        let changed: Int?
        do {
            changed = try await database.pipeline(statements).first?.rowsAffected
        } catch {
            throw noted(error)
        }
        guard changed == 1 else { throw .stale }
    }

    private func statement(
        _ changes: SQL,
        to entry: Entry,
        event: String,
        detail: JSONValue
    ) -> SQL {
        """
        WITH changed AS (
            UPDATE publish_history
            SET \(changes), worker = \(worker), fence = \(entry.fence), updated_at = now()
            WHERE job_id = \(entry.jobID) AND fence <= \(entry.fence)
              AND status <> ALL (\(Status.final))
            RETURNING job_id, attempt
        )
        INSERT INTO publish_events (job_id, event, attempt, worker, detail)
        SELECT job_id, \(event), attempt, \(worker), \(detail.encodedText)::jsonb FROM changed
        """
    }

    /// The highest fence any row holds, for lifting Redis's counter above it.
    ///
    /// Claims wait for this answer when PostgreSQL was away, so a server that answers and takes no
    /// writes is told as one that is away.
    package func highestFence() async throws(HistoryError) -> Int64 {
        do throws(PostgresError) {
            let rows = try await database.query(
                """
                SELECT coalesce(max(fence), 0) AS fence,
                    current_setting('transaction_read_only')::bool AS is_read_only
                FROM publish_history
                """
            )
            guard let row = rows.first else { return 0 }
            if try row.bool("is_read_only") { throw PostgresError.readOnly }
            return try row.int64("fence")
        } catch {
            throw noted(error)
        }
    }
}

extension PostgresError {
    /// As the server itself puts it to whoever writes.
    fileprivate static let readOnly = PostgresError.server(
        sqlState: "25006",
        message: "it is a standby, or read-only: it takes no writes",
        detail: nil,
        constraint: nil
    )
}

/// Why the history could not be written.
package enum HistoryError: Error, Sendable {
    /// A newer claim has the row, or it is final: this worker must stop and settle nothing.
    case stale
    /// PostgreSQL cannot be reached or is not ready; nothing is known to be written.
    case away(PostgresError)
    /// PostgreSQL refuses the statement: a fault of this program or of the schema.
    case refused(PostgresError)

    init(_ error: PostgresError) {
        let isAway =
            switch error {
            case .timedOut, .rolledBack, .closed, .cancelled: true
            default: error.isUnavailable
            }
        self = isAway ? .away(error) : .refused(error)
    }
}
