internal import FoundationEssentials
internal import Postgres
internal import Publishing

/// Shows how jobs come along until all have ended: a bar on a terminal, a line a change elsewhere.
struct Progress {
    let reader: HistoryReader
    let console: Console

    private static let barWidth = 24

    /// Waits for the end of every job; interrupt it with Ctrl-C.
    ///
    /// - Returns: the final rows in the order of `jobs`.
    func wait(for jobs: [String]) async throws -> [HistoryRow] {
        var shown: [String: String] = [:]
        while true {
            let rows = try await rows(of: jobs)
            let byJob = Dictionary(rows.map { ($0.job, $0) }) { first, _ in first }
            show(jobs, byJob, &shown)
            let ended = jobs.compactMap { byJob[$0] }.filter(\.status.isFinal)
            if ended.count == jobs.count {
                if console.isTerminal { console.out("") }
                return ended
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// A database that is away for a moment does not end the waiting.
    private func rows(of jobs: [String]) async throws -> [HistoryRow] {
        while true {
            do {
                return try await reader.rows(of: jobs)
            } catch {
                guard error.isUnavailable else { throw error }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func show(
        _ jobs: [String],
        _ rows: [String: HistoryRow],
        _ shown: inout [String: String]
    ) {
        if console.isTerminal {
            console.overwrite(Self.bar(jobs.map { rows[$0] }))
            return
        }
        for job in jobs {
            let line = "\(job): \(rows[job].map(Self.state) ?? "queued")"
            if shown.updateValue(line, forKey: job) != line { console.out(line.printable) }
        }
    }

    /// All jobs in one line: how many have ended, and how many bytes are sent.
    private static func bar(_ rows: [HistoryRow?]) -> String {
        let known = rows.compactMap(\.self)
        let total = known.reduce(0) { $0 + ($1.mediaBytes ?? 0) }
        let sent = known.reduce(0) { $0 + ($1.uploadedBytes ?? 0) }
        let ended = known.count { $0.status.isFinal }
        let full = total > 0 ? Int(Int64(barWidth) * sent / total) : 0
        let bar =
            String(repeating: "█", count: full)
            + String(repeating: "░", count: barWidth - full)
        let states = Dictionary(grouping: known.filter { !$0.status.isFinal }, by: \.status)
            .map { "\($1.count) \($0.rawValue)" }.sorted().joined(separator: ", ")
        return "\(bar) \(HistoryText.megabytes(sent))/\(HistoryText.megabytes(total)) MB, "
            + "\(ended) of \(rows.count) ended" + (states.isEmpty ? "" : ", \(states)")
    }

    private static func state(_ row: HistoryRow) -> String {
        switch row.status {
        case .uploading:
            "uploading \(HistoryText.megabytes(row.uploadedBytes ?? 0)) of "
                + "\(HistoryText.megabytes(row.mediaBytes ?? 0)) MB"
        case .waiting: "waiting for \(row.waitingFor ?? "its turn")"
        case .preparing, .processing, .published, .delivered, .failed, .inDoubt, .rejected,
            .expired, .cancelled:
            row.status.rawValue + (row.errorCode.map { " (\($0))" } ?? "")
        }
    }
}
