/// How long each kind of waiting may last.
package struct PostgresTimeouts: Sendable {
    /// Looking up the host, connecting, logging in and setting up the session, together.
    package let connect: Duration
    /// One statement, script or pipeline, unless the call says otherwise.
    package let statement: Duration
    /// Waiting for a free connection, which includes making one.
    package let checkout: Duration
    /// How long the server may take to confirm a cancelled statement; then the connection is
    /// dropped.
    package let cancel: Duration
    /// After this long without a statement the server itself ends an open transaction.
    ///
    /// So a frozen process cannot hold its row locks for ever. At least one millisecond.
    package let idleInTransaction: Duration

    package init(
        connect: Duration = .seconds(5),
        statement: Duration = .seconds(10),
        checkout: Duration = .seconds(10),
        cancel: Duration = .seconds(2),
        idleInTransaction: Duration = .seconds(30)
    ) {
        self.connect = connect
        self.statement = statement
        self.checkout = checkout
        self.cancel = cancel
        self.idleInTransaction = idleInTransaction
    }
}

/// How much one call may send or hold.
package struct PostgresLimits: Sendable {
    /// Rows of one answer; of a pipeline or script, of all its answers.
    package let rows: Int
    /// Bytes of the values of one answer.
    ///
    /// A single row is held once by libpq before it is counted.
    package let bytes: Int
    /// Statements of one pipeline.
    package let pipeline: Int
    /// Callers that wait for a connection.
    package let waiters: Int

    package init(
        rows: Int = 100_000,
        bytes: Int = 64 * 1024 * 1024,
        pipeline: Int = 1000,
        waiters: Int = 4096
    ) {
        self.rows = rows
        self.bytes = bytes
        self.pipeline = pipeline
        self.waiters = waiters
    }
}

/// Whether the server can be used, as far as the pool has noticed.
package enum PostgresState: Sendable, Equatable {
    case up
    case down(reason: String)
}
