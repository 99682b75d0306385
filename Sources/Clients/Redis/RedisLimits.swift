/// How long a Redis client waits.
package struct RedisTimeouts: Sendable {
    /// For one attempt to connect: finding the address, connecting, logging in.
    package let connect: Duration
    /// For one command, waiting for a connection included.
    package let command: Duration

    package init(connect: Duration = .seconds(5), command: Duration = .seconds(10)) {
        self.connect = connect
        self.command = command
    }
}

/// How much a Redis client holds.
package struct RedisLimits: Sendable {
    /// Commands waiting to be sent or answered.
    package let pendingCommands: Int
    /// Bytes of the commands that wait to be sent or answered.
    package let pendingBytes: Int
    /// Bytes of one answer.
    package let replyBytes: Int

    package init(
        pendingCommands: Int = 100_000,
        pendingBytes: Int = 64 * 1024 * 1024,
        replyBytes: Int = 64 * 1024 * 1024
    ) {
        self.pendingCommands = pendingCommands
        self.pendingBytes = pendingBytes
        self.replyBytes = replyBytes
    }
}

/// How long to wait before trying to connect again: full jitter, so that many clients of a server
/// that comes back do not come back together.
struct ReconnectDelay {
    private static let first: Duration = .milliseconds(100)
    private static let longest: Duration = .seconds(5)

    /// The longest wait before the attempt that follows `failures` failed ones in a row.
    static func ceiling(afterFailures failures: Int) -> Duration {
        min(longest, first * (1 << max(0, min(failures - 1, 10))))
    }

    static func random(
        afterFailures failures: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        ceiling(afterFailures: failures) * Double.random(in: 0..<1, using: &generator)
    }
}
