package import FoundationEssentials
package import JSON
package import Postgres

/// Reads rows and events for commands; writes nothing.
package struct HistoryReader: Sendable {
    let database: PostgresPool

    /// Most rows of one answer.
    package static let rowsMax = 1000

    package init(database: PostgresPool) {
        self.database = database
    }

    package struct Filter: Sendable {
        package var account: String?
        package var status: Status?
        package var since: Date?
        package var updatedAfter: Date?

        package init() {}
    }

    /// Rows in the order of their last change, the newest `limit` of them.
    package func rows(
        _ filter: Filter = Filter(),
        limit: Int = rowsMax
    ) async throws(PostgresError) -> [HistoryRow] {
        let rows = try await database.query(
            """
            SELECT * FROM (
                SELECT * FROM publish_history
                WHERE (\(filter.account)::text IS NULL OR account = \(filter.account))
                  AND (\(filter.status?.rawValue)::text IS NULL
                       OR status = \(filter.status?.rawValue))
                  AND (\(filter.since)::timestamptz IS NULL OR received_at >= \(filter.since))
                  AND (\(filter.updatedAfter)::timestamptz IS NULL
                       OR updated_at > \(filter.updatedAfter))
                ORDER BY updated_at DESC LIMIT \(min(limit, Self.rowsMax))
            ) newest ORDER BY updated_at
            """
        )
        return try Self.read(rows)
    }

    /// The rows of some jobs, in no order.
    package func rows(of jobs: [String]) async throws(PostgresError) -> [HistoryRow] {
        try Self.read(
            try await database.query(
                "SELECT * FROM publish_history WHERE job_id = ANY (\(jobs))"
            )
        )
    }

    /// What happened to one job, the oldest first.
    package func events(of job: String) async throws(PostgresError) -> [HistoryEvent] {
        let rows = try await database.query(
            """
            SELECT * FROM publish_events WHERE job_id = \(job)
            ORDER BY id LIMIT \(Self.rowsMax)
            """
        )
        var events: [HistoryEvent] = []
        for row in rows { events.append(try HistoryEvent(row)) }
        return events
    }

    private static func read(_ rows: [PostgresRow]) throws(PostgresError) -> [HistoryRow] {
        var read: [HistoryRow] = []
        for row in rows { read.append(try HistoryRow(row)) }
        return read
    }
}

/// One row of `publish_history`, for people.
package struct HistoryRow: Sendable {
    package let job: String
    package let account: String
    package let status: Status
    package let title: String?
    package let attempt: Int
    package let publishID: String?
    package let postIDs: [String]
    package let shareURL: String?
    package let errorCode: String?
    package let errorOwner: String?
    package let errorMessage: String?
    package let errorAction: String?
    package let waitingFor: String?
    package let nextAttemptAt: Date?
    package let queue: String?
    /// How it came: `json` or `celery`.
    package let source: String
    package let worker: String?
    package let mediaBytes: Int64?
    package let mediaSHA256: String?
    package let uploadedBytes: Int64?
    package let receivedAt: Date
    package let startedAt: Date?
    package let finishedAt: Date?
    package let updatedAt: Date

    init(_ row: PostgresRow) throws(PostgresError) {
        job = try row.text("job_id")
        account = try row.text("account")
        status = try Status(row)
        title = try row.textIfAny("title")
        attempt = try row.int("attempt")
        publishID = try row.textIfAny("publish_id")
        postIDs = try row.textArray("post_ids")
        shareURL = try row.textIfAny("share_url")
        errorCode = try row.textIfAny("error_code")
        errorOwner = try row.textIfAny("error_owner")
        errorMessage = try row.textIfAny("error_message")
        errorAction = try row.textIfAny("error_action")
        waitingFor = try row.textIfAny("waiting_for")
        nextAttemptAt = try row.dateIfAny("next_attempt_at")
        queue = try row.textIfAny("queue")
        source = try row.text("source")
        worker = try row.textIfAny("worker")
        mediaBytes = try row.int64IfAny("media_bytes")
        mediaSHA256 = try row.textIfAny("media_sha256")
        uploadedBytes = try row.int64IfAny("uploaded_bytes")
        receivedAt = try row.date("received_at")
        startedAt = try row.dateIfAny("started_at")
        finishedAt = try row.dateIfAny("finished_at")
        updatedAt = try row.date("updated_at")
    }

    /// With the column names of the table.
    package var json: JSONValue {
        [
            "job_id": .string(job), "account": .string(account),
            "status": .string(status.rawValue), "title": .text(title),
            "attempt": .integer(Int64(attempt)), "publish_id": .text(publishID),
            "post_ids": .array(postIDs.map(JSONValue.string)), "share_url": .text(shareURL),
            "error_code": .text(errorCode), "error_owner": .text(errorOwner),
            "error_message": .text(errorMessage), "error_action": .text(errorAction),
            "waiting_for": .text(waitingFor), "next_attempt_at": .time(nextAttemptAt),
            "queue": .text(queue), "source": .string(source),
            "worker": .text(worker),
            "media_bytes": mediaBytes.map(JSONValue.integer) ?? .null,
            "media_sha256": .text(mediaSHA256),
            "uploaded_bytes": uploadedBytes.map(JSONValue.integer) ?? .null,
            "received_at": .time(receivedAt), "started_at": .time(startedAt),
            "finished_at": .time(finishedAt),
            "updated_at": .time(updatedAt),
        ]
    }
}

extension Status {
    /// What a row's column `status` says.
    init(_ row: PostgresRow) throws(PostgresError) {
        guard let status = Status(rawValue: try row.text("status")) else {
            throw .decoding(column: "status", reason: "is a word this program does not know")
        }
        self = status
    }
}

/// One row of `publish_events`.
package struct HistoryEvent: Sendable {
    package let at: Date
    package let event: String
    package let attempt: Int
    package let worker: String?
    /// JSON text.
    package let detail: String?

    init(_ row: PostgresRow) throws(PostgresError) {
        at = try row.date("at")
        event = try row.text("event")
        attempt = try row.int("attempt")
        worker = try row.textIfAny("worker")
        detail = try row.textIfAny("detail")
    }

    package var json: JSONValue {
        [
            "at": .time(at), "event": .string(event), "attempt": .integer(Int64(attempt)),
            "worker": .text(worker),
            "detail": detail.flatMap { try? JSONValue(parsing: Array($0.utf8)) } ?? .null,
        ]
    }
}

extension JSONValue {
    /// A string, or null.
    package static func text(_ text: String?) -> JSONValue {
        text.map(JSONValue.string) ?? .null
    }

    /// RFC 3339 in UTC, or null.
    package static func time(_ date: Date?) -> JSONValue {
        text(date?.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
