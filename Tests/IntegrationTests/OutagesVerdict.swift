import JSON
import Publishing
import Support
import Testing

/// What must be true after every outage.
extension RunningProgram {
    /// The log has named one outage of each of these servers, and its end, and no other.
    func expectOneOutage(
        of servers: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for server in servers {
            try await waitUntil("\(server) is back in the log", state: { "\(err.suffix(4000))" }) {
                !lines(with: "server.back", "server=\(server) ").isEmpty
            }
        }
        let told = err.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            guard let event = words.first(where: { ["server.away", "server.back"].contains($0) }),
                let server = words.first(where: { $0.hasPrefix("server=") })
            else { return nil }
            return "\(server) \(event)"
        }
        let wanted = servers.flatMap { ["server=\($0) server.away", "server=\($0) server.back"] }
        #expect(
            told.sorted() == wanted.sorted(),
            "\(err.suffix(4000))",
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
