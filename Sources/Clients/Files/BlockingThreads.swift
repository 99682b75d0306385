internal import CLinux
internal import Glibc
internal import Synchronization

/// A few threads for calls that may block, such as reading from a slow disk, so that they never
/// hold up an event loop.
///
/// Calls run in the order they came in. A call waits in line without limit, so whoever makes many
/// at once bounds them; each waiting call is one suspended task.
package final class BlockingThreads: Sendable {
    private let line: WaitingLine

    /// For the whole process, two threads; they start with the first use.
    package static let shared = BlockingThreads(name: "files")

    /// Starts the threads; they end, after the calls already in line, when this object goes.
    ///
    /// - Parameters:
    ///   - name: shown by `ps -L`; at most 15 bytes.
    ///   - count: how many calls may block at the same time.
    package init(name: String, count: Int = 2) {
        precondition((1...64).contains(count), "1 to 64 threads")
        line = WaitingLine(name: name)
        for _ in 0..<count {
            line.startThread()
        }
        self.count = count
    }

    private let count: Int

    deinit {
        for _ in 0..<count {
            line.add { .end }
        }
    }

    /// Runs `body` on one of the threads.
    ///
    /// - Throws: what `body` throws; `CancellationError` as soon as the task is cancelled. A body
    ///   that has started then runs to its end all the same, and its result is dropped.
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        guard let result = await result(of: { Result(catching: body) }) else {
            throw CancellationError()
        }
        return try result.get()
    }

    /// Runs a `body` whose own error is a `FileError`; being cancelled is one of these too.
    func runTyped<Value: Sendable>(
        _ body: @escaping @Sendable () throws(FileError) -> Value
    ) async throws(FileError) -> Value {
        let result = await result { () -> Result<Value, FileError> in
            do throws(FileError) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw .cancelled }
        return try result.get()
    }

    /// - Returns: `nil` when the task was cancelled before `body` ended.
    private func result<Value: Sendable>(
        of body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let answer = Answer<Value>()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard answer.wait(continuation) else { return }
                line.add {
                    guard !answer.isGiven else { return .next }
                    answer.give(body())
                    return .next
                }
            }
        } onCancel: {
            answer.give(nil)
        }
    }
}

/// Hands one value to one waiting task: the first one given counts.
private final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Value?, Never>)
        case given
    }

    private let state = Mutex(State.new)

    var isGiven: Bool {
        state.withLock { state in
            if case .given = state { true } else { false }
        }
    }

    /// - Returns: `false` when the task was cancelled already; it has been resumed then.
    func wait(_ continuation: CheckedContinuation<Value?, Never>) -> Bool {
        let isWaiting = state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isWaiting { continuation.resume(returning: nil) }
        return isWaiting
    }

    func give(_ value: Value?) {
        let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
            defer { state = .given }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        // Never while holding a lock: the runtime takes one of its own.
        continuation?.resume(returning: value)
    }
}

/// What the threads take their work from; they keep it alive until the last of them has ended.
private final class WaitingLine: Sendable {
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
