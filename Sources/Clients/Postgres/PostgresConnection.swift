internal import CPostgres
internal import EventLoop

/// One connection to the server; its exchanges run one after the other, in the order of the calls.
///
/// Lives once: `open`, any number of `run`, `end`. Everything happens on the event loop.
actor PostgresConnection {
    let loop: EventLoop
    let timeouts: PostgresTimeouts
    private let limits: PostgresLimits
    /// Called on the loop when the connection has ended, for whatever reason.
    private let onEnd: @Sendable (PostgresConnection) -> Void

    /// `nil` before `open` and after the end.
    var handle: OpaquePointer?
    var opening: Opening?
    private var watched: CInt = -1
    private var isWatchingForWrites = false
    private(set) var endReason: PostgresError?
    var running: RunningExchange?
    private var lastNumber: UInt64 = 0
    private var isTaken = false
    private var queue: [Wait<Void>] = []
    /// Counts the loans by the pool, so that whoever had it before cannot use it any more.
    private(set) var loan: UInt64 = 0

    init(
        on loop: EventLoop,
        timeouts: PostgresTimeouts,
        limits: PostgresLimits,
        onEnd: @escaping @Sendable (PostgresConnection) -> Void
    ) {
        self.loop = loop
        self.timeouts = timeouts
        self.limits = limits
        self.onEnd = onEnd
    }

    isolated deinit {
        if let handle {
            unwatch()
            PQfinish(handle)
        }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    // MARK: Exchanges

    /// Sends an exchange and waits for its answer, or for the confirmation that it was cancelled.
    ///
    /// `loan` must be the connection's current one. When `isShielded`, cancelling the task leaves
    /// the exchange alone.
    func run(
        _ exchange: Exchange,
        loan: UInt64,
        timeout: Duration,
        isShielded: Bool = false
    ) async throws(PostgresError) -> [PostgresResult] {
        await takeTurn()
        defer { giveTurn() }
        guard loan == self.loan else { throw .closed }
        guard isShielded || !Task.isCancelled else { throw .cancelled }
        lastNumber += 1
        let number = lastNumber
        let outcome = await withTaskCancellationHandler {
            await perform(exchange, number: number, timeout: timeout)
        } onCancel: {
            guard !isShielded else { return }
            Task { await self.abandon(number, because: .cancelled) }
        }
        return try outcome.get()
    }

    private func takeTurn() async {
        guard isTaken else {
            isTaken = true
            return
        }
        let turn = Wait<Void>(on: loop)
        queue.append(turn)
        await turn.result()
    }

    private func giveTurn() {
        if queue.isEmpty {
            isTaken = false
        } else {
            queue.removeFirst().end(())
        }
    }

    private func perform(
        _ exchange: Exchange,
        number: UInt64,
        timeout: Duration
    ) async -> RunningExchange.Outcome {
        guard let handle else { return .failure(endReason ?? .closed) }
        let isSent: Bool
        do {
            isSent = try exchange.send(on: handle, limits: limits)
        } catch {
            return .failure(error)
        }
        let answer = Wait<RunningExchange.Outcome>(on: loop)
        let timer = loop.schedule(after: timeout) { [weak self] in
            self?.assumeIsolated {
                $0.abandon(number, because: .timedOut(statement: exchange.summary))
            }
        }
        running = RunningExchange(
            number: number,
            answer: answer,
            collector: AnswerCollector(limits: limits),
            timer: timer
        )
        if isSent {
            flush()
        } else {
            end(because: .connectionLost(reason: lastWords))
        }
        return await answer.result()
    }

    /// Sends what libpq still holds, and asks to be called again while the socket is full.
    private func flush() {
        guard let handle else { return }
        let isUnsent = PQflush(handle) == 1
        guard isUnsent != isWatchingForWrites || watched < 0 else { return }
        isWatchingForWrites = isUnsent
        watch(for: isUnsent ? [.readable, .writable] : .readable) { $0.socketIsReady($1) }
    }

    private func socketIsReady(_ readiness: Readiness) {
        guard let handle else { return }
        var isAlive = true
        if readiness.contains(.readable) {
            isAlive = PQconsumeInput(handle) == 1
            while let notification = PQnotifies(handle) { PQfreemem(notification) }
        }
        collect()
        // What has arrived may have ended the connection already.
        if self.handle != nil, !isAlive || PQstatus(handle) == CONNECTION_BAD {
            end(because: .connectionLost(reason: lastWords))
        }
        flush()
    }

    /// Takes what has arrived.
    ///
    /// `PQgetResult` does not block while `PQisBusy` says no, nor when the socket is gone.
    private func collect() {
        var emptyHanded = 0
        while let handle, running?.outcome == nil, running != nil,
            PQisBusy(handle) == 0 || PQsocket(handle) < 0
        {
            guard let result = PQgetResult(handle) else {
                emptyHanded += 1
                if PQpipelineStatus(handle) == PQ_PIPELINE_OFF {
                    settle()
                } else if emptyHanded > 1 {
                    return
                } else {
                    PQsetSingleRowMode(handle)
                }
                continue
            }
            defer { PQclear(result) }
            emptyHanded = 0
            switch running?.collector.add(result) {
            case .pipelineEnded:
                PQexitPipelineMode(handle)
                settle()
            case .unusable(let error): end(because: error)
            case .goOn, nil: break
            }
        }
    }

    // MARK: Watching and ending

    /// Closes the connection; an exchange or opening under way fails with `reason`.
    func end(because reason: PostgresError) {
        guard endReason == nil else { return }
        endReason = reason
        unwatch()
        if let handle { PQfinish(handle) }
        handle = nil
        finishOpening(.failure(reason))
        if let current = running {
            running = nil
            loop.cancel(current.timer)
            current.answer.end(.failure(current.failure(because: reason)))
        }
        onEnd(self)
    }

    /// Watches libpq's present socket, which may have changed since the last call.
    func watch(
        for interest: Readiness,
        _ handler: @escaping @Sendable (isolated PostgresConnection, Readiness) -> Void
    ) {
        guard let handle, PQsocket(handle) >= 0 else { return }
        let socket = PQsocket(handle)
        if watched != socket { unwatch() }
        watched = socket
        loop.watch(socket, for: interest) { [weak self] readiness in
            self?.assumeIsolated { handler($0, readiness) }
        }
    }

    func unwatch() {
        if watched >= 0 { loop.unwatch(watched) }
        watched = -1
        isWatchingForWrites = false
    }

    var lastWords: String {
        ErrorText.oneLine(handle.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? "")
    }

    // MARK: For the pool

    /// Whether the connection can serve anybody: open, nothing under way, no transaction.
    var isReusable: Bool {
        guard let handle, endReason == nil, running == nil, !isTaken else { return false }
        return PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    /// Whether a transaction is open, also a failed one.
    var isInTransaction: Bool {
        guard let handle else { return false }
        return PQtransactionStatus(handle) != PQTRANS_IDLE
    }

    /// Looks for an end that the loop has not reported yet, and ends the connection if there is
    /// one.
    func isStillAlive() -> Bool {
        socketIsReady(.readable)
        return isReusable
    }

    func endLoan() { loan += 1 }
}
