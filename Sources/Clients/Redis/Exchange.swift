internal import EventLoop

/// One caller's commands, sent together, and the answers that have come so far.
///
/// Belongs to the client's actor. Its wait ends exactly once; answers that come later are dropped.
final class Exchange {
    /// What errors call it.
    let name: String
    let commandCount: Int
    let byteCount: Int
    /// `nil` until the commands are handed to a connection.
    private(set) var sentAt: ContinuousClock.Instant?
    let wait: Wait<Result<[RedisValue], RedisError>>
    private var bytes: [UInt8]
    private var replies: [RedisValue] = []
    private var missing: Int

    init(_ commands: [[RedisArgument]], on loop: EventLoop) {
        wait = Wait(on: loop)
        name = commands.first.map(CommandEncoder.name(of:)) ?? "nothing"
        commandCount = commands.count
        missing = commands.count
        var bytes: [UInt8] = []
        for command in commands {
            CommandEncoder.append(command, to: &bytes)
        }
        self.bytes = bytes
        byteCount = bytes.count
    }

    /// Gives the bytes away: from now on the commands may have run.
    func takeBytes() -> [UInt8] {
        sentAt = .now
        defer { bytes = [] }
        return bytes
    }

    /// Takes the next answer.
    ///
    /// - Returns: whether it was the last one.
    func receive(_ reply: RedisValue) -> Bool {
        missing -= 1
        if !wait.isOver {
            replies.append(reply)
        }
        guard missing == 0 else { return false }
        wait.end(.success(replies))
        replies = []
        return true
    }
}
