package import EventLoop

/// A small HTTP/1.1 server: for machines that ask this program how it is, and for the stand-in of a
/// service in tests.
///
/// The handler starts on the loop, which costs no change of thread; what takes long in it belongs
/// in an actor or a `@concurrent` function of its own, because nothing on the loop may block. Stop
/// the server before its loop: until then the server keeps itself alive.
package actor HTTPServer {
    package typealias Handler = @Sendable (HTTPServerRequest) async -> HTTPServerResponse

    private let loop: EventLoop
    private let limits: HTTPServerLimits
    private let handler: Handler
    private let reportTrouble: @Sendable (HTTPServerError) -> Void

    private var listeners: Set<CInt> = []
    private var connections: [Int: (connection: ServerConnection, task: Task<Void, Never>)] = [:]
    private var lastConnection = 0
    private(set) var isStopped = false
    /// Listeners rest while there are too many connections, or too few descriptors.
    private var isAccepting = true
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastWaiter = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    /// Prepares a server that does not listen yet.
    ///
    /// `reportTrouble` is told on the loop when a connection cannot be accepted, for example for
    /// want of descriptors; the server goes on trying.
    package init(
        on loop: EventLoop,
        limits: HTTPServerLimits = HTTPServerLimits(),
        reportTrouble: @escaping @Sendable (HTTPServerError) -> Void = { _ in },
        handler: @escaping Handler
    ) {
        self.loop = loop
        self.limits = limits
        self.reportTrouble = reportTrouble
        self.handler = handler
    }

    /// Begins to serve on one more address.
    ///
    /// - Parameters:
    ///   - host: a numeric address, or `localhost` for 127.0.0.1.
    ///   - port: 0 lets the system choose a free one.
    /// - Returns: the port.
    /// - Throws: `.badAddress`, `.system` when the address is taken, `.stopped`.
    package func listen(host: String, port: UInt16) throws(HTTPServerError) -> UInt16 {
        guard !isStopped else { throw .stopped }
        let listener = try ServerSocket.listen(host: host, port: port)
        listeners.insert(listener)
        if isAccepting { watch(listener) }
        return try ServerSocket.port(of: listener)
    }

    /// Closes the listeners, lets requests under way finish for `stopGrace`, then cuts them.
    ///
    /// Returns when every handler has returned, or a second after the cut at the latest: a handler
    /// that ignores its cancellation then runs on without a connection.
    package func stop() async {
        isStopped = true
        for listener in listeners {
            loop.unwatch(listener)
            ServerSocket.close(listener)
        }
        listeners = []
        for (connection, _) in connections.values { await connection.stop() }
        await waitUntilEmpty(atMost: limits.stopGrace)
        for (connection, task) in connections.values {
            task.cancel()
            await connection.abort()
        }
        await waitUntilEmpty(atMost: .seconds(1))
    }

    // MARK: Connections

    private func watch(_ listener: CInt) {
        loop.watch(listener, for: .readable) { _ in
            self.assumeIsolated { $0.accept(from: listener) }
        }
    }

    /// Takes a few at a time, so that a crowd does not keep the loop from those already here.
    private func accept(from listener: CInt) {
        for _ in 0..<16 where isAccepting {
            switch ServerSocket.accept(listener) {
            case .connection(let descriptor, let peer): admit(descriptor, peer: peer)
            case .none: return
            case .failed(let code): restAfter(.system(call: "accept", errno: code))
            }
        }
    }

    private func admit(_ descriptor: CInt, peer: String) {
        let connection = ServerConnection(
            descriptor,
            peer: peer,
            on: loop,
            limits: limits,
            handler: handler
        )
        let isWelcome = connections.count < limits.connections
        lastConnection += 1
        let number = lastConnection
        let task = Task {
            if isWelcome {
                await connection.serve()
            } else {
                await connection.refuse(.tooManyConnections)
            }
            self.ended(number)
        }
        connections[number] = (connection, task)
        if isFull { rest() }
    }

    private var isFull: Bool {
        connections.count >= limits.connections + HTTPServerLimits.refusals
    }

    private func ended(_ number: Int) {
        connections[number] = nil
        if !isAccepting, !isFull { resume() }
        guard connections.isEmpty else { return }
        for waiter in waiters.keys { wake(waiter) }
    }

    /// New connections wait in the kernel until `resume`.
    private func rest() {
        isAccepting = false
        for listener in listeners { loop.unwatch(listener) }
    }

    private func resume() {
        isAccepting = true
        for listener in listeners { watch(listener) }
    }

    /// A connection that cannot be accepted stays ready, and would keep the loop spinning.
    private func restAfter(_ trouble: HTTPServerError) {
        reportTrouble(trouble)
        rest()
        loop.schedule(after: .milliseconds(100)) {
            self.assumeIsolated { if !$0.isAccepting, !$0.isFull { $0.resume() } }
        }
    }

    // MARK: Stopping

    /// Waits until no connection is open.
    func waitUntilEmpty(atMost time: Duration) async {
        guard !connections.isEmpty else { return }
        lastWaiter += 1
        let number = lastWaiter
        let timer = loop.schedule(after: time) { self.assumeIsolated { $0.wake(number) } }
        await withCheckedContinuation { waiters[number] = $0 }
        loop.cancel(timer)
    }

    private func wake(_ waiter: Int) {
        waiters.removeValue(forKey: waiter)?.resume()
    }
}
