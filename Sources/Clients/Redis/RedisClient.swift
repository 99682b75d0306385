package import EventLoop
internal import Glibc

/// Whether a client can reach its server.
package enum RedisState: Sendable, Equatable {
    case up
    case down(reason: String)
}

/// One connection to Redis that many tasks share.
///
/// Commands go out in the order of the calls, without waiting for each other's answers, and those
/// of one turn of the loop in one write. The first command connects; from then on the client
/// connects again by itself whenever the connection ends, until `close`. A client that is never
/// closed is never freed.
///
/// Commands that wait inside the server (`BLMOVE`) hold up all others: give them a client of their
/// own. A command that was sent is never sent again by the client.
package actor RedisClient {
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    nonisolated let loop: EventLoop
    nonisolated let address: RedisAddress
    nonisolated let name: String
    nonisolated let timeouts: RedisTimeouts
    nonisolated let limits: RedisLimits
    /// Whether commands wait for a server that has never answered yet.
    nonisolated let waitsForServer: Bool

    /// The connection that takes commands.
    private var connection: Connection?
    /// The connection that is being made: to the server, or to a sentinel.
    var opening: Connection?
    /// Ends the wait that no connection is part of, when the client closes.
    var interrupt: (() -> Void)?
    /// The sentinels, the one that answered last in front.
    var sentinels: [RedisAddress.HostPort] = []
    var lookupsUnderWay = 0
    private var unsent = UnsentExchanges()
    private var exchanges: [UInt64: Exchange] = [:]
    private var lastNumber: UInt64 = 0
    private var upkeep: Task<Void, Never>?
    private(set) var isClosed = false
    /// Why there is no connection.
    private(set) var trouble: RedisError?
    private var hasBeenConnected = false
    var digests = ScriptDigests()
    /// What this client does instead of taking commands.
    var subscription: Subscription?
    private var state: RedisState?
    private var observers: [@Sendable (RedisState) -> Void] = []

    /// Makes a client; nothing is sent until the first command.
    ///
    /// - Parameters:
    ///   - address: where the server is.
    ///   - loop: whose thread runs everything of this client.
    ///   - name: shown by `CLIENT LIST`.
    ///   - timeouts: how long to wait.
    ///   - limits: how much to hold.
    ///   - waitsForServer: `false`: until there has been a connection once, a failed attempt to
    ///     connect ends every waiting command, so that a wrong address is told at once.
    package init(
        _ address: RedisAddress,
        on loop: EventLoop,
        name: String,
        timeouts: RedisTimeouts = RedisTimeouts(),
        limits: RedisLimits = RedisLimits(),
        waitsForServer: Bool = true
    ) {
        // hiredis writes with calls that raise this signal, whose default ends the process.
        signal(SIGPIPE, SIG_IGN)
        self.loop = loop
        self.address = address
        self.name = name
        self.timeouts = timeouts
        self.limits = limits
        self.waitsForServer = waitsForServer
        if case .sentinels(let hosts, _) = address.place {
            sentinels = hosts
        }
    }

    // MARK: Commands

    /// Sends commands back to back, no other command among them, and waits for all their answers.
    ///
    /// - Parameters:
    ///   - commands: as for `send`; none: nothing is sent.
    ///   - timeout: for all of them together.
    /// - Returns: one value for each command, in order; a refused command's value is `.failure`.
    /// - Throws: when there is an answer for only some of them, or none. As `send`.
    package func pipeline(
        _ commands: [[RedisArgument]],
        timeout: Duration? = nil
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        let exchange = try admit(commands)
        lastNumber += 1
        let number = lastNumber
        exchanges[number] = exchange
        let timer = loop.schedule(after: timeout ?? timeouts.command) { self.expire(exchange) }
        defer {
            loop.cancel(timer)
            exchanges[number] = nil
        }
        submit(exchange)
        let result = await withTaskCancellationHandler {
            await self.answers(to: exchange)
        } onCancel: {
            Task { await self.cancel(number) }
        }
        return try result.get()
    }

    /// Waits on the loop.
    ///
    /// A method, because a closure that does not capture the actor runs on the global pool and
    /// comes back from there: Swift 6.3 does not say so.
    private func answers(to exchange: Exchange) async -> Result<[RedisValue], RedisError> {
        await exchange.wait.result()
    }

    private func admit(_ commands: [[RedisArgument]]) throws(RedisError) -> Exchange {
        if Task.isCancelled { throw .cancelled }
        if isClosed { throw .closed }
        for command in commands where !isAllowed(command) {
            throw .unsupported(command: CommandEncoder.name(of: command))
        }
        let exchange = Exchange(commands, on: loop)
        guard exchange.byteCount <= limits.pendingBytes else {
            throw .commandTooLarge(limit: limits.pendingBytes)
        }
        let pending = unsent.commandCount + (connection?.pendingCommands ?? 0)
        let pendingBytes = unsent.byteCount + (connection?.pendingBytes ?? 0)
        guard pending + exchange.commandCount <= limits.pendingCommands,
            pendingBytes + exchange.byteCount <= limits.pendingBytes
        else { throw .tooManyPending(limit: limits.pendingCommands) }
        return exchange
    }

    private func submit(_ exchange: Exchange) {
        if let connection, !connection.isRetiring {
            connection.send(exchange)
            return
        }
        unsent.append(exchange)
        startUpkeep()
    }

    /// Connects, and from then on whenever the connection ends.
    func startUpkeep() {
        if upkeep == nil {
            upkeep = Task { await stayConnected() }
        }
    }

    private func expire(_ exchange: Exchange) {
        guard !exchange.wait.isOver else { return }
        guard let sentAt = exchange.sentAt else {
            exchange.wait.end(.failure(trouble ?? .connectTimedOut))
            return unsent.forget(exchange)
        }
        exchange.wait.end(.failure(.commandTimedOut(command: exchange.name)))
        // A slow server is left alone, and its late answer dropped. A silent one may be gone
        // without a word, which only a new connection can find out.
        if let connection, connection.isSilent(since: sentAt) {
            connection.close(.connectionLost(reason: "no answer to \(exchange.name) in time"))
        }
    }

    private func cancel(_ number: UInt64) {
        guard let exchange = exchanges[number], !exchange.wait.isOver else { return }
        exchange.wait.end(.failure(.cancelled))
        if exchange.sentAt == nil { unsent.forget(exchange) }
    }

    // MARK: Connecting

    /// Calls `handler`, on the loop, whenever the server becomes reachable or unreachable: once for
    /// each outage, however many attempts fail during it.
    package func onChange(_ handler: @escaping @Sendable (RedisState) -> Void) {
        observers.append(handler)
    }

    /// Ends the connection, and every waiting command with `RedisError.closed`.
    package func close() async {
        isClosed = true
        opening?.close(.closed)
        connection?.close(.closed)
        failUnsent(.closed)
        subscription?.end()
        interrupt?()
        await upkeep?.value
    }

    private func stayConnected() async {
        var failures = 0
        var generator = SystemRandomNumberGenerator()
        while !isClosed {
            do throws(RedisError) {
                let connection = try await openConnection()
                let start = ContinuousClock.now
                await serve(connection)
                // One that ends at once is as good as none.
                failures = start.duration(to: .now) < .seconds(1) ? failures + 1 : 0
            } catch {
                failures += 1
                note(error)
            }
            await rest(ReconnectDelay.random(afterFailures: failures, using: &generator))
        }
    }

    private func serve(_ opened: Connection) async {
        if isClosed { return opened.close(.closed) }
        connection = opened
        hasBeenConnected = true
        trouble = nil
        report(.up)
        for exchange in unsent.takeAll() {
            opened.send(exchange)
        }
        let reason = await opened.end()
        connection = nil
        // Leaving a replica for its master is no outage, unless the next attempt fails.
        if !opened.isRetiring, !isClosed { note(reason) }
    }

    /// Commands wait for the next attempt, except where waiting will not help.
    private func note(_ error: RedisError) {
        guard !isClosed else { return }
        if case .refused = error {
            trouble = error
            failUnsent(error)
        } else {
            let away = RedisError.notConnected(reason: error.reason)
            trouble = away
            if !waitsForServer, !hasBeenConnected { failUnsent(away) }
        }
        report(.down(reason: error.reason))
    }

    private func rest(_ delay: Duration) async {
        guard !isClosed else { return }
        let wait = Wait<Bool>(on: loop)
        interrupt = { wait.end(false) }
        _ = await wait.result(until: .now + delay, late: true)
        interrupt = nil
    }

    private func failUnsent(_ error: RedisError) {
        for exchange in unsent.takeAll() {
            exchange.wait.end(.failure(error))
        }
    }

    private func report(_ new: RedisState) {
        switch (state, new) {
        case (.up, .up), (.down, .down): return
        default: break
        }
        state = new
        for observer in observers {
            observer(new)
        }
    }
}

extension RedisError {
    /// The description without the words that `notConnected` will put before it.
    fileprivate var reason: String {
        switch self {
        case .notConnected(let reason), .connectionLost(let reason): reason
        default: description
        }
    }
}
