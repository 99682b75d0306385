internal import Glibc
internal import Synchronization

/// Learns how one child ends: a thread of its own waits for it, so nothing has to poll.
final class ChildEnd: Sendable {
    private struct State {
        var status: ChildExit?
        var waiters: [UInt64: CheckedContinuation<ChildExit?, Never>] = [:]
        /// Waiters that were cancelled before they could be entered.
        var cancelled: Set<UInt64> = []
        var lastNumber: UInt64 = 0
    }

    private let pid: pid_t
    private let state = Mutex(State())

    init(pid: pid_t) {
        self.pid = pid
    }

    /// How the child ended; `nil` while it runs.
    var status: ChildExit? { state.withLock { $0.status } }

    /// Sends a signal unless the child was collected: until then its number cannot be given away.
    func send(_ signal: CInt) {
        state.withLock { state in
            if state.status == nil { _ = kill(pid, signal) }
        }
    }

    /// Waits for the end.
    ///
    /// - Returns: `nil` when the calling task was cancelled first.
    func wait() async -> ChildExit? {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { enter($0, number: number) }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: number)
                if waiter == nil, state.status == nil { state.cancelled.insert(number) }
                return waiter
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Starts the waiting thread; called once.
    func startWaiting() {
        startThread(name: "child \(pid)") { self.collect() }
    }

    private func enter(_ waiter: CheckedContinuation<ChildExit?, Never>, number: UInt64) {
        let (isOver, status) = state.withLock { state in
            if state.cancelled.remove(number) != nil { return (true, state.status) }
            if let status = state.status { return (true, status) }
            state.waiters[number] = waiter
            return (false, nil as ChildExit?)
        }
        if isOver { waiter.resume(returning: status) }
    }

    private func collect() {
        // WNOWAIT leaves the child uncollected, so that `send` and the collecting below exclude
        // each other.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (status, waiters) = state.withLock { state in
            var word: CInt = 0
            while waitpid(pid, &word, 0) < 0, errno == EINTR {}
            let status = ChildExit(waitWord: word)
            state.status = status
            let waiters = Array(state.waiters.values)
            state.waiters = [:]
            state.cancelled = []
            return (status, waiters)
        }
        for waiter in waiters {
            waiter.resume(returning: status)
        }
    }
}

extension ChildExit {
    /// Takes apart what `waitpid` reports; its macros do not reach Swift.
    fileprivate init(waitWord word: CInt) {
        let signal = word & 0x7f
        self = signal == 0 ? .exited(code: (word >> 8) & 0xff) : .killed(signal: signal)
    }
}
