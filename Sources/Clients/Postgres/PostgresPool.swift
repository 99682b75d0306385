package import EventLoop

/// A few connections to one server, made on demand and shared by everyone.
///
/// A session belongs to nobody: `SET`, temporary tables, session-level advisory locks and `LISTEN`
/// have no place here, except inside a transaction and for its length (`SET LOCAL`).
///
/// After a failed attempt to connect the next one waits between 10 ms and 5 s; callers meanwhile
/// wait for their own checkout deadline. A refusal that waiting does not cure, such as a wrong
/// password, reaches every waiting caller at once.
package actor PostgresPool {
    private let loop: EventLoop
    private let settings: ConnectionSettings
    private let size: Int
    let timeouts: PostgresTimeouts
    private let limits: PostgresLimits
    private let waitsForServer: Bool

    /// All that are open, lent or not.
    private var open: [ObjectIdentifier: PostgresConnection] = [:]
    /// Open and not lent; the last returned is lent first.
    private var idle: [PostgresConnection] = []
    private var opening: [ObjectIdentifier: PostgresConnection] = [:]
    private var waiters = PoolWaiters()
    private var lastNumber: UInt64 = 0

    private var backOff = BackOff()
    /// Set while the next attempt to connect must wait.
    private var retry: LoopTimer?
    private var lastRefusal: PostgresError?
    private var state: PostgresState?
    private var onChange: (@Sendable (PostgresState) -> Void)?
    private var hasBeenConnected = false
    private var isClosed = false

    /// Connects to nothing yet.
    ///
    /// `applicationName` is shown in `pg_stat_activity`. `schema` is the only one names are looked
    /// up in, besides `pg_catalog`; it need not exist yet; `nil` leaves the server's choice. `size`
    /// is the number of connections at most, at least 1. With `waitsForServer` off, until there has
    /// been a connection once, a failed attempt ends every wait, so that a wrong address is told at
    /// once.
    package init(
        _ address: PostgresAddress,
        on loop: EventLoop,
        applicationName: String,
        schema: String?,
        size: Int = 4,
        timeouts: PostgresTimeouts = PostgresTimeouts(),
        limits: PostgresLimits = PostgresLimits(),
        waitsForServer: Bool = true
    ) {
        self.loop = loop
        self.size = max(1, size)
        self.timeouts = timeouts
        self.limits = limits
        self.waitsForServer = waitsForServer
        settings = ConnectionSettings(
            address,
            applicationName: applicationName,
            schema: schema,
            timeouts: timeouts
        )
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    /// Calls `handler` on the loop whenever the server comes up or goes down, once for each change,
    /// and at once if that is known already.
    package func onChange(_ handler: @escaping @Sendable (PostgresState) -> Void) {
        onChange = handler
        if let state { handler(state) }
    }

    /// Callers that wait for a connection now.
    package var waiting: Int { waiters.count }

    /// Closes every connection.
    ///
    /// Callers that wait for one, or for an answer, get
    /// `PostgresError.closed`; so does every later call.
    package func close() async {
        isClosed = true
        if let retry { loop.cancel(retry) }
        retry = nil
        refuseAll(.closed)
        for connection in Array(open.values) + Array(opening.values) {
            await connection.end(because: .closed)
        }
    }

    // MARK: Lending

    /// Waits for a connection that is nobody else's.
    ///
    /// Give it back with `checkIn`.
    func checkOut() async throws(PostgresError) -> PostgresConnection {
        guard !isClosed else { throw .closed }
        guard !Task.isCancelled else { throw .cancelled }
        if let connection = takeIdle() { return connection }
        guard waiters.count < limits.waiters else { throw .poolExhausted }
        lastNumber += 1
        let number = lastNumber
        let answer = await withTaskCancellationHandler {
            await wait(number)
        } onCancel: {
            Task { await self.stopWaiting(number, because: .cancelled) }
        }
        return try answer.get()
    }

    /// Takes a connection back; one that is not fit for others is closed.
    func checkIn(_ connection: PostgresConnection) {
        let isFit = connection.assumeIsolated { connection in
            connection.endLoan()
            if !connection.isReusable { connection.end(because: .closed) }
            return connection.isReusable
        }
        guard isFit else { return }
        if let waiter = waiters.takeFirst() {
            loop.cancel(waiter.timer)
            waiter.answer.end(.success(connection))
        } else {
            idle.append(connection)
        }
    }

    /// An idle connection whose end has not been noticed is dropped here, before anything is sent.
    private func takeIdle() -> PostgresConnection? {
        while let connection = idle.popLast() {
            if connection.assumeIsolated({ $0.isStillAlive() }) { return connection }
            connection.assumeIsolated {
                $0.end(because: .connectionLost(reason: "an idle connection was not fit for use"))
            }
        }
        return nil
    }

    private func wait(_ number: UInt64) async -> PoolWaiters.Answer {
        let answer = Wait<PoolWaiters.Answer>(on: loop)
        let timer = loop.schedule(after: timeouts.checkout) { [weak self] in
            self?.assumeIsolated { $0.stopWaiting(number, because: $0.reasonForWaiting) }
        }
        waiters.add(.init(number: number, answer: answer, timer: timer))
        connectIfNeeded()
        return await answer.result()
    }

    private func stopWaiting(_ number: UInt64, because reason: PostgresError) {
        guard let waiter = waiters.take(number) else { return }
        loop.cancel(waiter.timer)
        waiter.answer.end(.failure(reason))
    }

    private func refuseAll(_ reason: PostgresError) {
        for waiter in waiters.takeAll() {
            loop.cancel(waiter.timer)
            waiter.answer.end(.failure(reason))
        }
    }

    private var reasonForWaiting: PostgresError {
        guard open.isEmpty else { return .poolExhausted }
        return lastRefusal ?? .connectTimedOut
    }

    // MARK: Connecting

    /// One attempt for each waiting caller while the server is well, one alone while it is not.
    private func connectIfNeeded() {
        let attempts = lastRefusal == nil ? waiters.count : min(1, waiters.count)
        while !isClosed, retry == nil, opening.count < attempts, open.count + opening.count < size {
            let connection = PostgresConnection(on: loop, timeouts: timeouts, limits: limits) {
                [weak self] connection in
                self?.assumeIsolated { $0.hasEnded(connection) }
            }
            opening[ObjectIdentifier(connection)] = connection
            Task { await self.connect(connection) }
        }
    }

    private func connect(_ connection: PostgresConnection) async {
        do {
            try await connection.open(settings)
            opening[ObjectIdentifier(connection)] = nil
            guard !isClosed else { return await connection.end(because: .closed) }
            open[ObjectIdentifier(connection)] = connection
            lastRefusal = nil
            hasBeenConnected = true
            backOff.reset()
            change(to: .up)
            checkIn(connection)
            connectIfNeeded()
        } catch {
            opening[ObjectIdentifier(connection)] = nil
            hasBeenRefused(error)
        }
    }

    private func hasBeenRefused(_ error: PostgresError) {
        guard !isClosed else { return }
        lastRefusal = error
        if open.isEmpty {
            change(to: .down(reason: error.description))
            let isPatient = waitsForServer || hasBeenConnected
            if !isPatient || !error.isUnavailable { refuseAll(error) }
        }
        guard retry == nil else { return }
        retry = loop.schedule(after: backOff.next()) { [weak self] in
            self?.assumeIsolated { $0.retryNow() }
        }
    }

    private func retryNow() {
        retry = nil
        connectIfNeeded()
    }

    private func hasEnded(_ connection: PostgresConnection) {
        let wasOpen = open.removeValue(forKey: ObjectIdentifier(connection)) != nil
        idle.removeAll { $0 === connection }
        guard wasOpen, !isClosed else { return }
        if open.isEmpty,
            case .connectionLost(let reason) = connection.assumeIsolated({ $0.endReason })
        {
            change(to: .down(reason: reason))
        }
        connectIfNeeded()
    }

    /// Two reasons in one outage are one change.
    private func change(to new: PostgresState) {
        switch (state, new) {
        case (.up, .up), (.down, .down): return
        default: break
        }
        state = new
        onChange?(new)
    }
}
