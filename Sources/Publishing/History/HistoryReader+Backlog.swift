package import FoundationEssentials
package import Postgres

/// Jobs that have not ended, or are in doubt, as the rows tell it.
package struct Backlog: Sendable {
    package struct Part: Sendable {
        package let queue: String
        package let status: Status
        /// As the row says; a job whose wait is over keeps it until its next turn.
        package let waitingFor: String?
        package let count: Int
    }

    package let parts: [Part]
    /// By queue: when the oldest job came that is neither scheduled nor in doubt.
    package let oldest: [String: Date]
    /// Whether there are more rows than were counted.
    package let isPartial: Bool
}

extension HistoryReader {
    /// Most rows of each status that are counted, those that changed longest ago first.
    package static let backlogMax = 100_000

    /// Counts rows by queue, status and what they wait for; reads at most `backlogMax` of each
    /// status.
    package func backlog() async throws(PostgresError) -> Backlog {
        let wanted = Status.allCases.filter { !$0.isFinal || $0 == .inDoubt }.map(\.rawValue)
        let rows = try await database.query(
            """
            SELECT coalesce(queue, '') AS queue, status, waiting_for, count(*) AS count,
                min(received_at) FILTER (WHERE waiting_for IS DISTINCT FROM 'schedule'
                    AND status <> 'in_doubt') AS oldest
            FROM unnest(\(wanted)::text[]) AS wanted (one), LATERAL (
                SELECT queue, status, waiting_for, received_at FROM publish_history
                WHERE status = one ORDER BY updated_at LIMIT \(Self.backlogMax)
            ) AS found
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """
        )
        var parts: [Backlog.Part] = []
        var oldest: [String: Date] = [:]
        for row in rows {
            let part = try Backlog.Part(row)
            parts.append(part)
            if let date = try row.dateIfAny("oldest") {
                oldest[part.queue] = min(oldest[part.queue] ?? date, date)
            }
        }
        let counts = Dictionary(grouping: parts, by: \.status).values.map { same in
            same.reduce(0) { $0 + $1.count }
        }
        return Backlog(
            parts: parts,
            oldest: oldest,
            isPartial: counts.contains { $0 >= Self.backlogMax }
        )
    }
}

extension Backlog.Part {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        queue = try row.text("queue")
        status = try Status(row)
        waitingFor = try row.textIfAny("waiting_for")
        count = try row.int("count")
    }
}
