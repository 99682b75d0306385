internal import Synchronization

/// A few threads for calls that may block, such as reading from a slow disk, so that they never
/// hold up an event loop.
///
/// Calls run in the order they came in. A call waits in line without limit, so whoever makes many
/// at once bounds them; each waiting call is one suspended task.
package final class BlockingThreads: Sendable {
    private let line: WaitingLine
    private let count: Int

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
        self.count = count
        for _ in 0..<count {
            line.startThread()
        }
    }

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
