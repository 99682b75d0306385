extension PostgresPool {
    /// Runs one statement and returns its rows.
    ///
    /// `timeout` is for the statement alone; the wait for a connection has its own.
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

    /// Runs several statements in one round trip and one implicit transaction: all or nothing.
    ///
    /// One result for each statement, in order.
    @discardableResult
    package func pipeline(
        _ statements: [SQL],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !statements.isEmpty else { return [] }
        return try await run(.pipeline(statements), timeout)
    }

    /// Runs `body` between BEGIN and COMMIT, where the caller runs.
    ///
    /// Whatever it throws is thrown on after a ROLLBACK.
    /// `PostgresError.connectionLost` from the COMMIT leaves open whether it took place.
    @discardableResult
    package nonisolated func transaction<Value>(
        _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        let connection = try await checkOut()
        let transaction = PostgresTransaction(
            connection: connection,
            loan: await connection.loan,
            timeouts: timeouts
        )
        do {
            try await transaction.begin()
            let value = try await body(transaction)
            try await transaction.commit()
            await checkIn(connection)
            return value
        } catch {
            await transaction.rollBack()
            await checkIn(connection)
            throw error
        }
    }

    private func run(
        _ exchange: Exchange,
        _ timeout: Duration?
    ) async throws(PostgresError) -> [PostgresResult] {
        let connection = try await checkOut()
        defer { checkIn(connection) }
        return try await connection.run(
            exchange,
            loan: await connection.loan,
            timeout: timeout ?? timeouts.statement
        )
    }
}
