/// Pure: how long a failed attempt waits before the next, or that there is none.
package struct RetryPolicy: Sendable {
    /// The wait after the first failure lies between zero and this; each failure doubles the top.
    package let base: Duration
    /// No wait is longer, unless TikTok asked for a longer one.
    package let ceiling: Duration

    package init(base: Duration, ceiling: Duration) {
        self.base = base
        self.ceiling = ceiling
    }

    /// The wait before the next attempt, or `nil` when `attempts` have used up `maxAttempts`.
    ///
    /// Full jitter: a thousand jobs that failed together do not come back together.
    ///
    /// - Parameters:
    ///   - attempts: failures so far, this one included; at least 1.
    ///   - retryAfter: what the server asked for, already bounded; never waits less than that.
    ///   - random: from 0 up to, not including, 1.
    package func wait(
        afterAttempts attempts: Int,
        of maxAttempts: Int,
        retryAfter: Duration? = nil,
        random: Double
    ) -> Duration? {
        guard attempts < maxAttempts else { return nil }
        let top = min(base * (1 << min(attempts - 1, 20)), ceiling)
        return max(top * random, retryAfter ?? .zero)
    }
}
