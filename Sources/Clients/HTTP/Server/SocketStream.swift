internal import EventLoop
internal import Glibc

/// A connected socket on the loop: reads and writes that never block, and waits that always end.
///
/// Belongs to one actor of the loop, and closes its descriptor exactly once. At most one task waits
/// at a time.
final class SocketStream {
    /// Why a wait, a read or a write did not do what was asked.
    enum End: Error {
        /// The peer has closed its side.
        case finished
        /// The connection broke, or is closed on our side.
        case lost
        case timedOut
        /// `interrupt` or `abandonWait` was called.
        case interrupted
    }

    private let loop: EventLoop
    private var descriptor: CInt
    private var watched: Readiness = []
    private var timer: LoopTimer?
    private var waiter: CheckedContinuation<End?, Never>?
    private var isInterrupted = false
    /// Reads since the last wait: a fast peer must not keep the loop from the others.
    private var readsInARow = 0

    /// Takes over a non-blocking descriptor, and will close it.
    init(_ descriptor: CInt, on loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    // MARK: Waiting

    /// Waits until the socket is ready for `interest`; with no interest, until the deadline.
    func wait(
        for interest: Readiness,
        until deadline: ContinuousClock.Instant
    ) async throws(End) {
        readsInARow = 0
        // Everything happens in the closure, and in this order: should the runtime run it later
        // than the lines before it, no event can come between looking and waiting.
        let end: End? = await withCheckedContinuation { continuation in
            precondition(waiter == nil, "two tasks wait for one connection")
            waiter = continuation
            guard descriptor >= 0 else { return wake(.lost) }
            guard !isInterrupted else { return wake(.interrupted) }
            watch(interest)
            let delay = ContinuousClock.now.duration(to: deadline)
            timer = loop.schedule(after: delay) { [weak self] in
                self?.timer = nil
                self?.wake(.timedOut)
            }
        }
        if let end { throw end }
    }

    /// Lets time pass.
    func pause(_ time: Duration) async throws(End) {
        do throws(End) {
            try await wait(for: [], until: .now + time)
        } catch .timedOut {
            return
        }
    }

    /// Stays watched between waits, which saves two system calls for each; a readiness that nobody
    /// waits for ends it.
    private func watch(_ interest: Readiness) {
        guard watched != interest else { return }
        watched = interest
        guard !interest.isEmpty else { return loop.unwatch(descriptor) }
        loop.watch(descriptor, for: interest) { [weak self] _ in self?.becameReady() }
    }

    private func becameReady() {
        guard waiter != nil else { return watch([]) }
        wake(nil)
    }

    private func wake(_ end: End?) {
        if let timer { loop.cancel(timer) }
        timer = nil
        let waiter = waiter
        self.waiter = nil
        waiter?.resume(returning: end)
    }

    /// Ends the wait under way, if any, and refuses all later ones.
    func interrupt() {
        isInterrupted = true
        wake(.interrupted)
    }

    /// Ends the wait under way, if any.
    func abandonWait() {
        wake(.interrupted)
    }

    // MARK: Bytes

    /// Takes what has come.
    ///
    /// - Returns: 1 to `count` bytes; `nil` when the caller should wait for more.
    func read(_ count: Int) throws(End) -> [UInt8]? {
        guard descriptor >= 0 else { throw .lost }
        guard !isInterrupted else { throw .interrupted }
        guard readsInARow < 8 else { return nil }
        readsInARow += 1
        var result = 0
        var code: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = recv(descriptor, buffer.baseAddress, count, 0)
            code = errno
            filled = max(result, 0)
        }
        guard result != 0 else { throw .finished }
        guard result > 0 else {
            guard code == EAGAIN || code == EINTR else { throw .lost }
            return nil
        }
        // A trickle must not hold a large block for every few bytes.
        return result < count / 4 ? [] + bytes[...] : bytes
    }

    /// Sends everything, if the peer goes on taking bytes.
    ///
    /// `idle` is the longest time in which it takes none; `isMoreComing` says that another `send`
    /// follows at once, so that both may share a packet.
    func send(_ bytes: [UInt8], idle: Duration, isMoreComing: Bool = false) async throws(End) {
        let flags = CInt(MSG_NOSIGNAL) | (isMoreComing ? CInt(MSG_MORE) : 0)
        var sent = 0
        while sent < bytes.count {
            guard descriptor >= 0 else { throw .lost }
            guard !isInterrupted else { throw .interrupted }
            let (result, code) = bytes[sent...].withUnsafeBytes { rest in
                (Glibc.send(descriptor, rest.baseAddress, rest.count, flags), errno)
            }
            if result > 0 {
                sent += result
            } else {
                guard code == EAGAIN || code == EINTR else { throw .lost }
                try await wait(for: .writable, until: .now + idle)
            }
        }
    }

    // MARK: The end

    /// Tells the peer that nothing more comes.
    func finishWriting() {
        guard descriptor >= 0 else { return }
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Closes at once; a wait under way ends.
    func close() {
        guard descriptor >= 0 else { return }
        watch([])
        Glibc.close(descriptor)
        descriptor = -1
        wake(.lost)
    }

    /// Closes at once in a way that the peer sees as a broken connection.
    func reset() {
        guard descriptor >= 0 else { return }
        ServerSocket.resetOnClose(descriptor)
        close()
    }
}
