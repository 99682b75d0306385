/// Judges from counts of bytes whether a transfer takes too long.
struct Watchdog {
    /// What is compared from one look to the next; any difference is progress.
    struct Sample: Equatable {
        var phase: HTTPPhase
        var sentBytes: Int64
        var receivedBytes: Int
        /// Bytes the kernel still holds: they move although curl's own counts stand still.
        var unacknowledgedBytes: CInt
    }

    private let limits: HTTPLimits
    private let start: ContinuousClock.Instant
    private var lastSample: Sample?
    private var phaseStart: ContinuousClock.Instant
    private var lastProgress: ContinuousClock.Instant

    init(limits: HTTPLimits, now: ContinuousClock.Instant) {
        self.limits = limits
        start = now
        phaseStart = now
        lastProgress = now
    }

    /// Time from one look to the next.
    var interval: Duration {
        max(.milliseconds(2), min(.milliseconds(500), limits.shortest / 10))
    }

    /// Looks once.
    ///
    /// - Returns: the error to end the transfer with, or `nil`.
    mutating func look(_ sample: Sample, now: ContinuousClock.Instant) -> HTTPError? {
        if sample.phase != lastSample?.phase { phaseStart = now }
        if sample != lastSample { lastProgress = now }
        lastSample = sample
        if let total = limits.total, now - start >= total { return .timedOut(sample.phase) }
        switch sample.phase {
        case .waitingForTurn:
            return now - phaseStart >= limits.turn ? .timedOut(.waitingForTurn) : nil
        case .connecting:
            return now - phaseStart >= limits.connect ? .connectTimedOut : nil
        case .waitingForResponse:
            let isOver = now - lastProgress >= limits.firstResponseByte
            return isOver ? .timedOut(.waitingForResponse) : nil
        case .sending, .readingBody, .receiving:
            return now - lastProgress >= limits.stalledAfter ? .stalled(sample.phase) : nil
        }
    }
}
