internal import Glibc
internal import Synchronization

/// Runs the two calls that may block (`getaddrinfo` and `PQcancel`) on short-lived threads of their
/// own, so that the event loop never waits for them.
///
/// Nobody waits for such a thread without a deadline; one that hangs ends when the kernel gives up.
enum BlockingThread {
    /// At once, in the whole process; beyond that a call is refused.
    static let limit = 16

    private static let running = Mutex(0)

    /// - Returns: whether `body` will run; `false` when too many already do or no thread is left.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let isAllowed = running.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAllowed else { return false }
        let isStarted = startThread(ThreadBody(run: body))
        if !isStarted { running.withLock { $0 -= 1 } }
        return isStarted
    }

    private static func startThread(_ body: ThreadBody) -> Bool {
        let context = Unmanaged.passRetained(body)
        var thread = pthread_t()
        let failed = pthread_create(
            &thread,
            nil,
            { context in
                BlockingThread.enter(context)
                return nil
            },
            context.toOpaque()
        )
        guard failed == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private static func enter(_ context: UnsafeMutableRawPointer?) {
        guard let context else { return }
        Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
        running.withLock { $0 -= 1 }
    }
}

/// Carries a closure through C's one pointer.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
