internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let history = Command(
        name: "history",
        synopsis: "[--account A] [--status S] [--since T] [--follow] [--json] [JOB]",
        summary: "shows what became of jobs; with JOB, its events",
        help: """
            Rows of publish_history in the order of their last change, at most 1000.

            --account A   only that account
            --status S    only that status: \(statuses)
            --since T     received since then: RFC 3339, or an age such as 90s, 15m, 6h, 2d
            --follow      goes on showing changes until interrupted
            --json        one JSON document a row
            """,
        flags: ["--follow", "--json"],
        options: ["--account", "--status", "--since"],
        words: 0...1,
        run: { arguments, console in
            var filter = HistoryReader.Filter()
            filter.account = arguments["--account"]
            filter.status = try arguments["--status"].map(status)
            filter.since = try arguments["--since"].map(instant)
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            let reader = HistoryReader(database: assembly.database)
            if let job = arguments.words.first {
                return try await showJob(job, reader, arguments, console)
            }
            var rows = try await reader.rows(filter)
            show(rows, arguments, console)
            while arguments.has("--follow") {
                try await Task.sleep(for: .milliseconds(500))
                filter.updatedAfter = rows.last?.updatedAt ?? filter.updatedAfter
                let changed = try await reader.rows(filter)
                if !changed.isEmpty {
                    rows = changed
                    show(changed, arguments, console)
                }
            }
            return .done
        }
    )

    private static let statuses = Status.allCases.map(\.rawValue).joined(separator: ", ")

    private static func status(_ text: String) throws -> Status {
        guard let status = Status(rawValue: text) else {
            throw CommandFailure(
                "--status must be one of \(statuses)",
                code: .badUsage
            )
        }
        return status
    }

    private static func instant(_ text: String) throws -> Date {
        if let date = InternetTime.read(text) { return date }
        guard let seconds = TimeSpan.seconds(text)
        else {
            throw CommandFailure(
                "--since must be an RFC 3339 time or an age such as 15m",
                code: .badUsage
            )
        }
        return Date.now - seconds
    }

    private static func show(_ rows: [HistoryRow], _ arguments: Arguments, _ console: Console) {
        if arguments.has("--json") {
            for row in rows { console.json(row.json) }
        } else if !rows.isEmpty {
            console.out(HistoryText.table(rows))
        }
    }

    private static func showJob(
        _ job: String,
        _ reader: HistoryReader,
        _ arguments: Arguments,
        _ console: Console
    ) async throws -> ExitCode {
        let events = try await reader.events(of: job)
        guard let row = try await reader.rows(of: [job]).first else {
            throw CommandFailure("no job '\(job.printable.prefix(128))' in the history")
        }
        if arguments.has("--json") {
            console.json(["job": row.json, "events": .array(events.map(\.json))])
        } else {
            console.out(HistoryText.table([row]))
            console.out("")
            console.out(HistoryText.events(events))
        }
        return .done
    }
}

/// Pure: rows as people read them.
enum HistoryText {
    static func table(_ rows: [HistoryRow]) -> String {
        var table = Table(["JOB", "ACCOUNT", "STATUS", "TRY", "SENT", "POST", "WHY"])
        for row in rows {
            table.add([
                row.job, row.account, row.status.rawValue, "\(row.attempt)", sent(row),
                row.postIDs.first ?? row.publishID ?? "", why(row),
            ])
        }
        var lines = [table.text]
        for row in rows where row.errorMessage != nil {
            let owner = row.errorOwner ?? "?"
            lines.append("")
            lines.append("\(row.job): \(row.errorMessage ?? "")".printable)
            lines.append("  \(owner) → \(row.errorAction ?? "")".printable)
        }
        return lines.joined(separator: "\n")
    }

    static func events(_ events: [HistoryEvent]) -> String {
        var table = Table(["AT", "EVENT", "TRY", "WORKER", "DETAIL"])
        for event in events {
            let time = event.at.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            table.add([
                time, event.event, "\(event.attempt)", event.worker ?? "", event.detail ?? "",
            ])
        }
        return table.text
    }

    private static func sent(_ row: HistoryRow) -> String {
        guard let total = row.mediaBytes else { return "" }
        return "\(megabytes(row.uploadedBytes ?? 0))/\(megabytes(total)) MB"
    }

    /// Decimal megabytes with one digit after the point.
    static func megabytes(_ bytes: Int64) -> String {
        let tenths = (bytes + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func why(_ row: HistoryRow) -> String {
        guard !row.status.isFinal, let reason = row.waitingFor else { return row.errorCode ?? "" }
        let until = row.nextAttemptAt.map { " until \($0.formatted(Date.ISO8601FormatStyle()))" }
        return reason + (until ?? "") + (row.errorCode.map { " (\($0))" } ?? "")
    }
}
