internal import CLinux
internal import Glibc
internal import Synchronization

/// What the threads take their work from; they keep it alive until the last of them has ended.
final class WaitingLine: Sendable {
    enum Continuation {
        case next
        case end
    }

    typealias Call = @Sendable () -> Continuation

    private struct Calls {
        var waiting: [Call?] = []
        var taken = 0

        mutating func takeFirst() -> Call? {
            guard taken < waiting.count else { return nil }
            let call = waiting[taken].take()
            taken += 1
            if taken == waiting.count || taken > 1024 {
                waiting.removeFirst(taken)
                taken = 0
            }
            return call
        }
    }

    private let name: String
    private let calls = Mutex(Calls())
    // Counts the waiting calls. Semaphores are made for use from many threads; the memory is
    // released in `deinit`.
    private nonisolated(unsafe) let count: UnsafeMutablePointer<sem_t>

    init(name: String) {
        self.name = name
        count = .allocate(capacity: 1)
        let made = sem_init(count, 0, 0)
        precondition(made == 0, "the system refused a semaphore")
    }

    deinit {
        sem_destroy(count)
        count.deallocate()
    }

    func add(_ call: @escaping Call) {
        calls.withLock { $0.waiting.append(call) }
        sem_post(count)
    }

    func startThread() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let failed = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WaitingLine>.fromOpaque(context).takeRetainedValue().work()
                return nil
            },
            context
        )
        precondition(failed == 0, "the system refused a thread, error \(failed)")
        pthread_detach(thread)
    }

    private func work() {
        // Signals are for the threads that wait for them.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        linux_set_thread_name(name)
        var next = Continuation.next
        while next == .next {
            guard sem_wait(count) == 0 else { continue }
            let call = calls.withLock { $0.takeFirst() }
            next = call?() ?? .next
        }
    }
}
