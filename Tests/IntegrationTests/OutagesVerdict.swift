import JSON
import Publishing
import Support
import Testing

/// What must be true after every outage.
extension RunningProgram {
    /// The log has named one outage, of this server, and its end, once each.
    func expectOneOutage(
        of server: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await waitUntil("the end of the outage in the log", state: { String(err.suffix(4000)) })
        {
            !lines(with: "server.back", "server=\(server)").isEmpty
        }
        let told = lines(with: " server=").filter {
            $0.contains("server.away") || $0.contains("server.back")
        }
        let away = told.filter { $0.contains("server.away") }
        #expect(
            told.count == 2 && away.count == 1 && told.allSatisfy { $0.contains("=\(server)") },
            "\(server):\n\(told.joined(separator: "\n"))",
            sourceLocation: sourceLocation
        )
    }
}

extension TestBed {
    /// The job ended once, and no attempt of it counts as failed.
    func expectUnharmed(
        _ row: HistoryRow,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(row.attempt == 1, "\(row.json.encodedText)", sourceLocation: sourceLocation)
        let ends = try await events(of: row.job).filter { name in
            Status(rawValue: name)?.isFinal == true
        }
        #expect(ends == ["published"], "\(row.job)", sourceLocation: sourceLocation)
    }
}
