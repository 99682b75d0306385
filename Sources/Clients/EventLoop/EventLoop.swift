internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that runs the Swift jobs of its actors, watches descriptors and keeps timers.
///
/// An actor joins by returning this loop from `unownedExecutor`. Its C callbacks, which arrive on
/// the loop's thread, may then use `assumeIsolated`.
///
/// `watch`, `unwatch`, `schedule` and `cancel` may be called on the loop's thread only; `enqueue`
/// and `stop` from any thread. Nothing that runs on the loop may block.
package final class EventLoop: SerialExecutor {
    package typealias Handler = (Readiness) -> Void

    /// A job, and whose: the loop's own, or that of a `Gate` which brings a task back here.
    private struct Entry {
        let job: UnownedJob
        let executor: UnownedSerialExecutor
    }

    /// What other threads share with the loop's thread.
    private struct Inbox {
        var jobs: [Entry] = []
        var isStopping = false
        /// Whether a thread is running; a job that arrives after the end starts a new one.
        var isRunning = false
    }

    private struct Watcher {
        let generation: UInt32
        let handler: Handler
    }

    private let name: String
    private let inbox = Mutex(Inbox())
    private let threadID = Atomic<UInt>(0)
    private let epoll: CInt
    private let wakeUp: CInt

    // The three below are touched on the loop's thread only; `preconditionOnLoop` checks it.
    private nonisolated(unsafe) var watchers: [CInt: Watcher] = [:]
    private nonisolated(unsafe) var lastGeneration: UInt32 = 0
    private nonisolated(unsafe) var timers = TimerQueue()

    /// Opens the loop's own two descriptors; the thread starts with the first job.
    ///
    /// - Parameter name: shown by `ps -L`; at most 15 bytes.
    package init(name: String) {
        self.name = name
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for an event loop")
        var event = epoll_event(
            events: EPOLLIN.rawValue,
            data: epoll_data_t(u64: Self.tag(wakeUp, generation: 0))
        )
        let added = epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
        precondition(added == 0, "epoll refused its own eventfd")
    }

    deinit {
        close(wakeUp)
        close(epoll)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        enqueue(UnownedJob(job), of: asUnownedSerialExecutor())
    }

    /// Runs a job of another executor on the loop's thread, in turn with its own.
    func enqueue(_ job: UnownedJob, of executor: UnownedSerialExecutor) {
        let (mustWake, mustStart) = inbox.withLock { inbox in
            inbox.jobs.append(Entry(job: job, executor: executor))
            let mustStart = !inbox.isRunning
            inbox.isRunning = true
            return (inbox.jobs.count == 1, mustStart)
        }
        if mustStart {
            startThread()
        } else if mustWake, !isOnLoop {
            // The loop's own thread looks into the inbox before it waits again.
            wake()
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Whether the calling thread is the loop's: C callbacks run outside Swift jobs, and only this
    /// lets their `assumeIsolated` pass.
    package func isIsolatingCurrentContext() -> Bool? {
        isOnLoop
    }

    package func checkIsolated() {
        precondition(isOnLoop, "called off its event loop")
    }

    /// Whether the calling thread is the loop's.
    package var isOnLoop: Bool {
        threadID.load(ordering: .acquiring) == UInt(pthread_self())
    }

    /// Ends the thread once the jobs already enqueued have run.
    ///
    /// Watched descriptors stay open: they belong to whoever opened them. A job enqueued later
    /// still runs, on a thread of its own.
    package func stop() {
        inbox.withLock { $0.isStopping = true }
        wake()
    }

    // MARK: Descriptors

    /// Calls `handler` on the loop whenever `descriptor` is ready, until `unwatch`.
    ///
    /// A second call for the same descriptor replaces the first. The C function is `epoll_ctl`.
    package func watch(
        _ descriptor: CInt,
        for interest: Readiness,
        handler: @escaping Handler
    ) {
        preconditionOnLoop()
        lastGeneration &+= 1
        var event = epoll_event(
            events: interest.epollEvents,
            data: epoll_data_t(u64: Self.tag(descriptor, generation: lastGeneration))
        )
        let operation = watchers[descriptor] == nil ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
        watchers[descriptor] = Watcher(generation: lastGeneration, handler: handler)
        var result = epoll_ctl(epoll, operation, descriptor, &event)
        // A C library may have closed the descriptor and got the same number again: then the
        // kernel has forgotten it, or still has it, contrary to our own table.
        if result != 0, errno == ENOENT {
            result = epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        } else if result != 0, errno == EEXIST {
            result = epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
        }
        precondition(result == 0, "epoll_ctl failed for descriptor \(descriptor), errno \(errno)")
    }

    /// Stops watching; harmless when the descriptor is not watched or already closed.
    package func unwatch(_ descriptor: CInt) {
        preconditionOnLoop()
        guard watchers.removeValue(forKey: descriptor) != nil else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    // MARK: Timers

    /// Calls `handler` on the loop once, after `delay` at the earliest.
    @discardableResult
    package func schedule(after delay: Duration, _ handler: @escaping () -> Void) -> LoopTimer {
        preconditionOnLoop()
        return timers.add(at: .now + max(delay, .zero), handler)
    }

    /// Forgets a timer; harmless when it has fired.
    package func cancel(_ timer: LoopTimer) {
        preconditionOnLoop()
        timers.cancel(timer)
    }

    // MARK: The thread

    private func startThread() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let failed = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
                loop.threadID.store(UInt(pthread_self()), ordering: .releasing)
                linux_set_thread_name(loop.name)
                loop.run()
                return nil
            },
            context
        )
        precondition(failed == 0, "the system refused a thread, error \(failed)")
        pthread_detach(thread)
    }

    private func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while runJobs() {
            let count = epoll_wait(epoll, &events, CInt(events.count), nextTimeout())
            for event in events.prefix(Int(max(count, 0))) {
                deliver(event)
            }
            let now = ContinuousClock.now
            while let handler = timers.takeDue(now: now) {
                handler()
            }
        }
    }

    /// Runs what is in the inbox.
    ///
    /// - Returns: `false` when the thread should end: stop was asked for and nothing is left to
    ///   run.
    private func runJobs() -> Bool {
        let (jobs, isEnding) = inbox.withLock { inbox in
            let jobs = inbox.jobs
            inbox.jobs = []
            let isEnding = jobs.isEmpty && inbox.isStopping
            if isEnding {
                threadID.store(0, ordering: .releasing)
                inbox.isRunning = false
            }
            return (jobs, isEnding)
        }
        for entry in jobs {
            entry.job.runSynchronously(on: entry.executor)
        }
        return !isEnding
    }

    private func deliver(_ event: epoll_event) {
        let tag = event.data.u64
        let descriptor = CInt(truncatingIfNeeded: tag)
        if descriptor == wakeUp {
            var count: eventfd_t = 0
            eventfd_read(wakeUp, &count)
            return
        }
        // A handler earlier in this batch may have closed the descriptor and opened another with
        // the same number; the generation tells them apart.
        guard let watcher = watchers[descriptor],
            watcher.generation == UInt32(truncatingIfNeeded: tag >> 32)
        else { return }
        watcher.handler(Readiness(epollEvents: event.events))
    }

    /// Milliseconds until the next timer, rounded up so that a timer never fires early; -1: no end.
    private func nextTimeout() -> CInt {
        guard inbox.withLock({ $0.jobs.isEmpty && !$0.isStopping }) else { return 0 }
        guard let next = timers.nextDeadline else { return -1 }
        let wait = ContinuousClock.now.duration(to: next)
        guard wait > .zero else { return 0 }
        let (seconds, attoseconds) = wait.components
        let milliseconds =
            seconds.multipliedReportingOverflow(by: 1000).partialValue
            + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(min(milliseconds, 60_000))
    }

    private func wake() {
        eventfd_write(wakeUp, 1)
    }

    private func preconditionOnLoop() {
        precondition(isOnLoop, "called off its event loop")
    }

    private static func tag(_ descriptor: CInt, generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }
}
