/// Statements of one transaction; of no use after the closure it was given to has ended.
///
/// Statements started at the same time run one after the other.
package struct PostgresTransaction: Sendable {
    let connection: PostgresConnection
    let loan: UInt64
    let timeouts: PostgresTimeouts

    /// Runs one statement and returns its rows.
    package func query(
        _ sql: SQL,
        timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresRow] {
        try await run(.statement(sql), timeout).first?.rows ?? []
    }

    /// Runs one statement and returns how many rows it inserted, changed or deleted.
    @discardableResult
    package func execute(
        _ sql: SQL,
        timeout: Duration? = nil
    ) async throws(PostgresError) -> Int {
        try await run(.statement(sql), timeout).first?.rowsAffected ?? 0
    }

    /// Runs several statements in one round trip.
    @discardableResult
    package func pipeline(
        _ statements: [SQL],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        return try await run(.pipeline(statements), timeout)
    }

    /// Runs a text of several statements without parameters, such as a migration; it must not
    /// contain BEGIN, COMMIT or ROLLBACK.
    package func runScript(
        _ text: String,
        timeout: Duration? = nil
    ) async throws(PostgresError) {
        _ = try await run(.script(text), timeout)
    }

    // MARK: For the pool

    func begin() async throws(PostgresError) {
        _ = try await run(.statement("BEGIN"), nil)
    }

    /// Once on its way a COMMIT is not cancelled: its answer is worth waiting for.
    func commit() async throws(PostgresError) {
        guard !Task.isCancelled else { throw .cancelled }
        let results = try await run(.statement("COMMIT"), nil, isShielded: true)
        guard results.first?.tag == "COMMIT" else { throw .rolledBack }
    }

    /// If this fails the connection is not fit for others, and giving it back ends it, which rolls
    /// back too.
    func rollBack() async {
        guard await connection.isInTransaction else { return }
        do {
            _ = try await run(.statement("ROLLBACK"), nil, isShielded: true)
        } catch {
            await connection.end(because: error)
        }
    }

    private func run(
        _ exchange: Exchange,
        _ timeout: Duration?,
        isShielded: Bool = false
    ) async throws(PostgresError) -> [PostgresResult] {
        try await connection.run(
            exchange,
            loan: loan,
            timeout: timeout ?? timeouts.statement,
            isShielded: isShielded
        )
    }
}
