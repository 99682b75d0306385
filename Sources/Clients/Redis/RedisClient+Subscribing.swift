internal import EventLoop

/// Listening to a channel instead of sending commands.
extension RedisClient {
    /// A channel, and where its messages go.
    struct Subscription {
        let channel: String
        let messages: AsyncStream<[UInt8]>.Continuation
        let pings: Task<Void, Never>

        func end() {
            pings.cancel()
            messages.finish()
        }
    }

    /// How often a subscribed connection is asked for a sign of life: without one, a server that
    /// went away without a word would never be missed.
    private static let pingPause = Duration.seconds(10)

    /// Turns this client, which was sent nothing yet, into one that only listens to a channel.
    ///
    /// Connects at once, and again by itself whenever the connection ends, until `close`. What is
    /// published while there is no connection is not heard.
    ///
    /// - Parameters:
    ///   - channel: its exact name.
    ///   - limit: how many messages wait to be read; of more, the newest are dropped. One that is
    ///     larger than the limit of answers ends the connection.
    /// - Returns: the messages, until `close`.
    package func subscribe(to channel: String, holding limit: Int) -> AsyncStream<[UInt8]> {
        let (stream, messages) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(limit)
        )
        guard !isClosed, subscription == nil else {
            messages.finish()
            return stream
        }
        let pings = Task { await pingRegularly() }
        subscription = Subscription(channel: channel, messages: messages, pings: pings)
        startUpkeep()
        return stream
    }

    /// Why the server does not let this client do its work; `nil`: it does, or is away.
    package var refusal: RedisFailure? { trouble?.failure }

    /// A subscribed connection takes nothing but pings.
    func isAllowed(_ command: [RedisArgument]) -> Bool {
        guard subscription == nil else { return CommandEncoder.name(of: command) == "PING" }
        return !command.isEmpty && !CommandEncoder.breaksOrder(command)
    }

    func begin(
        _ subscription: Subscription,
        on connection: Connection,
        until deadline: ContinuousClock.Instant
    ) async throws(RedisError) {
        connection.onMessage = { subscription.messages.yield($0) }
        let command: [RedisArgument] = ["SUBSCRIBE", .text(subscription.channel)]
        let reply = try await ask(connection, [command], until: deadline).first
        guard let failure = reply?.failure else { return }
        connection.close(.refused(failure))
        throw .refused(failure)
    }

    /// A ping that nobody answers makes the client connect again.
    private func pingRegularly() async {
        while !Task.isCancelled, !isClosed {
            // Ends early only when cancelled.
            try? await Task.sleep(for: Self.pingPause)
            _ = try? await send(["PING"])  // what is wrong shows in the next connection
        }
    }
}
