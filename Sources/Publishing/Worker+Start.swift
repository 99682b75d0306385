internal import Postgres

/// Before the first claim.
extension Worker {
    /// Asks PostgreSQL for the version of its schema until it answers.
    ///
    /// A server that is away at the start is an outage like any other: it is logged once, by
    /// whoever reports outages to this worker, and waited for.
    ///
    /// - Returns: `nil` when the worker was told to stop before there was an answer.
    /// - Throws: what waiting does not mend, such as a wrong password.
    package nonisolated func schemaVersion(of migrator: Migrator) async throws -> Int? {
        while !parts.drain.isDraining {
            do {
                return try await migrator.version()
            } catch {
                guard case .away = HistoryError(error) else { throw error }
            }
            // Nobody cancels this; a stop is noticed by the next round.
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 200..<500)))
        }
        return nil
    }
}
