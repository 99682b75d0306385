internal import CHiredis
internal import EventLoop
internal import Glibc

/// One connection: a non-blocking context of hiredis, driven by the loop.
///
/// Belongs to one client's actor. hiredis's other, callback-driven context is not used: it frees
/// itself, ends the process when a server sends an answer too many, and cannot bound an answer.
/// Here the context is freed in one place, `close`.
final class Connection {
    enum Endpoint {
        /// A numeric address; a name would be looked up on the loop, which may take seconds.
        case address(String, port: UInt16)
        case socket(String)
    }

    private let loop: EventLoop
    private let limits: RedisLimits
    private let descriptor: CInt
    /// `nil` once closed.
    private var context: UnsafeMutablePointer<redisContext>?
    private let connected: Wait<RedisError?>
    private let ended: Wait<RedisError>
    private var inFlight = FirstInFirstOut<Exchange>()
    private var flush: LoopTimer?
    private var isWatchingForWriting = false
    private var usesTLS = false
    private var lastHeard: ContinuousClock.Instant?
    /// Bytes that have come since the last whole answer.
    private var unansweredBytes = 0

    /// Commands that were sent and not answered, those of callers who gave up included.
    private(set) var pendingCommands = 0
    private(set) var pendingBytes = 0
    /// Whether new commands should wait for the next connection: the server has become a replica.
    private(set) var isRetiring = false

    /// Takes what a subscribed connection is sent unasked.
    var onMessage: (([UInt8]) -> Void)?

    /// Begins to connect; `connect` must follow, and `close` at the end.
    init(to endpoint: Endpoint, on loop: EventLoop, limits: RedisLimits) throws(RedisError) {
        let made =
            switch endpoint {
            case .address(let host, let port): redisConnectNonBlock(host, CInt(port))
            case .socket(let path): redisConnectUnixNonBlock(path)
            }
        guard let made else { throw .notConnected(reason: "out of memory") }
        guard made.pointee.err == 0 else {
            let reason = String(cString: redis_error_text(made))
            redisFree(made)
            throw .notConnected(reason: reason)
        }
        if case .address = endpoint {
            redisEnableKeepAlive(made)
        }
        (self.loop, self.limits) = (loop, limits)
        (connected, ended) = (Wait(on: loop), Wait(on: loop))
        (context, descriptor) = (made, made.pointee.fd)
    }

    /// Waits until the server has accepted; closes the connection when it does not.
    ///
    /// - Parameters:
    ///   - deadline: when to give up.
    ///   - host: whose certificate to expect; `nil`: no TLS.
    /// - Throws: why there is no connection.
    func connect(
        until deadline: ContinuousClock.Instant,
        expectingCertificateOf host: String?
    ) async throws(RedisError) {
        if !connected.isOver {
            loop.watch(descriptor, for: .writable) { [self] _ in
                loop.unwatch(descriptor)
                connected.end(nil)
            }
        }
        let failure = await connected.result(until: deadline, late: .connectTimedOut)
        // It may have been closed since the server accepted, and its descriptor be another's now.
        guard context != nil else { throw await ended.result() }
        if let failure = failure ?? socketFailure() ?? beginTLS(expecting: host) {
            close(failure)
            throw failure
        }
        watch(writing: false)
    }

    private func socketFailure() -> RedisError? {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : .notConnected(reason: String(cString: strerror(code)))
    }

    private func beginTLS(expecting host: String?) -> RedisError? {
        guard let host, let context else { return nil }
        usesTLS = true
        return redis_tls_begin(context, host).map { .notConnected(reason: String(cString: $0)) }
    }

    /// Sends the commands with all others of this turn of the loop; the exchange's wait tells the
    /// answers.
    func send(_ exchange: Exchange) {
        guard let context else {
            exchange.wait.end(.failure(.notConnected(reason: "the connection is closed")))
            return
        }
        inFlight.append(exchange)
        pendingCommands += exchange.commandCount
        pendingBytes += exchange.byteCount
        let status = exchange.takeBytes().withUnsafeBytes { bytes in
            redisAppendFormattedCommand(
                context,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                bytes.count
            )
        }
        guard status == REDIS_OK else { return closeAfterError() }
        if flush == nil, !isWatchingForWriting {
            flush = loop.schedule(after: .zero) { [self] in
                flush = nil
                write()
            }
        }
    }

    /// Whether nothing has come from the server since then.
    func isSilent(since instant: ContinuousClock.Instant) -> Bool {
        lastHeard.map { $0 < instant } ?? true
    }

    /// Waits until the connection has ended, and tells why.
    func end() async -> RedisError {
        await ended.result()
    }

    /// Ends the connection and every exchange on it; does nothing when it has ended.
    func close(_ reason: RedisError) {
        guard let context else { return }
        self.context = nil
        if let flush {
            loop.cancel(flush)
        }
        // Before hiredis closes the descriptor, whose number may come back with another file.
        loop.unwatch(descriptor)
        redisFree(context)
        connected.end(reason)
        for exchange in inFlight.takeAll() {
            exchange.wait.end(.failure(reason))
        }
        (pendingCommands, pendingBytes) = (0, 0)
        ended.end(reason)
    }

    private func closeAfterError() {
        guard let context else { return }
        var reason = String(cString: redis_error_text(context))
        // hiredis has no words for a certificate that OpenSSL refused while bytes went to and fro.
        if usesTLS, lastHeard == nil {
            reason =
                "TLS failed; is the certificate trusted, and made out to this host? (\(reason))"
        }
        close(.connectionLost(reason: reason))
    }

    // MARK: Bytes

    private func watch(writing: Bool) {
        isWatchingForWriting = writing
        loop.watch(descriptor, for: writing ? [.readable, .writable] : .readable) { [self] ready in
            if ready.contains(.readable) { read() }
            if ready.contains(.writable), isWatchingForWriting { write() }
        }
    }

    private func write() {
        guard let context else { return }
        var isDone: CInt = 0
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { return closeAfterError() }
        // Until the first answer only a TLS handshake leaves bytes behind, and it waits for the
        // server's bytes: the socket is writable all the while, and watching for that would spin.
        let mustWait = isDone == 0 && lastHeard != nil
        if mustWait != isWatchingForWriting {
            watch(writing: mustWait)
        }
    }

    /// Reads what is there, at most 256 KiB before others have their turn.
    private func read() {
        for _ in 0..<16 {
            guard let context, let reader = context.pointee.reader else { return }
            let before = reader.pointee.len
            let status = redisBufferRead(context)
            let count = reader.pointee.len - before
            if count > 0 {
                lastHeard = .now
                unansweredBytes += count
                deliver()
            }
            guard status == REDIS_OK else { return closeAfterError() }
            // hiredis reads 16 KiB at a time.
            guard count == 16 * 1024 else { break }
        }
        if lastHeard == nil { write() }
    }

    // MARK: Answers

    private func deliver() {
        while let context, let reader = context.pointee.reader {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &reply) == REDIS_OK else {
                return closeAfterError()
            }
            guard let reply else { break }
            unansweredBytes = reader.pointee.len - reader.pointee.pos
            let value = RedisValue(reply.assumingMemoryBound(to: redisReply.self).pointee)
            freeReplyObject(reply)
            receive(value)
        }
        guard unansweredBytes > limits.replyBytes else { return }
        inFlight.first?.wait.end(.failure(.replyTooLarge(limit: limits.replyBytes)))
        close(.connectionLost(reason: "an answer was larger than \(limits.replyBytes) bytes"))
    }

    private func receive(_ reply: RedisValue) {
        // Nothing else begins so on a connection that only subscribes and pings.
        if let onMessage, let parts = reply.array, parts.first?.text == "message",
            let message = parts.last?.bytes
        {
            return onMessage(message)
        }
        guard let exchange = inFlight.first else {
            let text = reply.failure?.description ?? "the server sent an answer too many"
            return close(.connectionLost(reason: text))
        }
        pendingCommands -= 1
        if exchange.receive(reply) {
            pendingBytes -= exchange.byteCount
            inFlight.removeFirst()
        }
        if reply.failure?.code == "READONLY" {
            isRetiring = true
        }
        if isRetiring, inFlight.isEmpty {
            close(.notConnected(reason: "the server is a replica"))
        }
    }
}
