internal import Glibc
internal import Synchronization

/// The signals this program sends or listens to.
package enum Signal: Sendable, Hashable, CaseIterable {
    case terminate, interrupt, hangUp, user1, user2
    case quit, kill, pause, resume

    package var rawValue: CInt {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .quit: SIGQUIT
        case .kill: SIGKILL
        case .pause: SIGSTOP
        case .resume: SIGCONT
        }
    }

    init?(rawValue: CInt) {
        guard let signal = Signal.allCases.first(where: { $0.rawValue == rawValue }) else {
            return nil
        }
        self = signal
    }

    /// Sends the signal to any process.
    ///
    /// Harmless when there is none of that number, or it belongs to somebody else. Prefer
    /// `ChildProcess.send`, which cannot meet a stranger.
    package func send(to pid: Int32) {
        _ = Glibc.kill(pid, rawValue)
    }
}

/// Signals to this process as an asynchronous sequence.
///
/// A handler writes the signal's number to a pipe and a thread reads it there, so it does not
/// matter which thread the system interrupts, nor whether it runs an event loop.
package enum Signals {
    /// Starts listening; while anybody listens, the signal's default action does not happen.
    ///
    /// Listening ends with the iteration. At most 64 signals wait for a slow listener; older ones
    /// are dropped.
    package static func listen(to signals: Set<Signal>) -> AsyncStream<Signal> {
        let unheard = signals.intersection([.kill, .pause])
        precondition(unheard.isEmpty, "SIGKILL and SIGSTOP cannot be listened to")
        let (stream, continuation) = AsyncStream.makeStream(
            of: Signal.self,
            bufferingPolicy: .bufferingNewest(64)
        )
        let number = SignalPipe.shared.add(signals, continuation)
        continuation.onTermination = { _ in SignalPipe.shared.remove(number) }
        return stream
    }

    /// Makes a write to a closed connection an error instead of the end of the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// The write end for the handler, which may touch nothing that allocates or locks.
private let signalPipeWriteEnd = Atomic<CInt>(-1)

/// The way from the handler to the listeners.
private final class SignalPipe: Sendable {
    static let shared = SignalPipe()

    private struct Listener {
        let signals: Set<Signal>
        let continuation: AsyncStream<Signal>.Continuation
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())
    private let readEnd: CInt

    private init() {
        var ends: [CInt] = [-1, -1]
        let result = pipeWithFlags(&ends, O_CLOEXEC)
        precondition(result == 0, "no descriptors left for signals")
        // The handler must never block: a full pipe drops the signal instead.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        readEnd = ends[0]
        signalPipeWriteEnd.store(ends[1], ordering: .releasing)
        startThread(name: "signals") { [readEnd] in
            var byte: UInt8 = 0
            while true {
                let count = read(readEnd, &byte, 1)
                if count == 1 { SignalPipe.shared.deliver(CInt(byte)) }
                if count == 0 || (count < 0 && errno != EINTR) { return }
            }
        }
    }

    func add(_ signals: Set<Signal>, _ continuation: AsyncStream<Signal>.Continuation) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.listeners[state.lastNumber] = Listener(
                signals: signals,
                continuation: continuation
            )
            for signal in signals { Self.catchSignal(signal) }
            return state.lastNumber
        }
    }

    func remove(_ number: Int) {
        state.withLock { state in
            guard let listener = state.listeners.removeValue(forKey: number) else { return }
            let wanted = Set(state.listeners.values.flatMap(\.signals))
            for left in listener.signals.subtracting(wanted) {
                _ = signal(left.rawValue, SIG_DFL)
            }
        }
    }

    private func deliver(_ number: CInt) {
        guard let signal = Signal(rawValue: number) else { return }
        let listeners = state.withLock { state in
            state.listeners.values.filter { $0.signals.contains(signal) }
        }
        for listener in listeners {
            listener.continuation.yield(signal)
        }
    }

    private static func catchSignal(_ signal: Signal) {
        var action = sigaction()
        action.sa_flags = SA_RESTART
        action.__sigaction_handler.sa_handler = { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipeWriteEnd.load(ordering: .acquiring), &byte, 1)
            errno = saved
        }
        sigemptyset(&action.sa_mask)
        let result = sigaction(signal.rawValue, &action, nil)
        precondition(result == 0, "the system refused a handler for \(signal)")
    }
}
