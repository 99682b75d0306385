package import Redis

/// Sleeping until there is something to do.
extension JobQueue {
    /// A list that a worker may sleep on, and where an arrival is moved so that one worker wakes.
    package struct Place: Sendable, Hashable {
        package let queue: String
        let source: String
        /// Shared by all workers: the next claim finds it, whoever makes it.
        let destination: String
    }

    /// Everything that can bring work to a queue without a timer: the upstream lists, and jobs that
    /// other workers make ready.
    package func places(of queue: String) -> [Place] {
        let upstream = QueueKeys.sources(of: queue).map {
            Place(queue: queue, source: $0, destination: keys.stage(of: queue))
        }
        let returned = Place(
            queue: queue,
            source: keys.ready(of: queue),
            destination: keys.called(of: queue)
        )
        return upstream + [returned]
    }

    /// Waits until something arrives at a place.
    ///
    /// Needs a connection of its own: Redis answers nothing else meanwhile.
    ///
    /// - Returns: whether something came within `limit`.
    package func wait(
        at place: Place,
        over connection: RedisClient,
        atMost limit: Duration
    ) async throws(RedisError) -> Bool {
        let moved = try await connection.send(
            [
                "BLMOVE", .text(place.source), .text(place.destination), "RIGHT", "LEFT",
                .text("\(limit.seconds)"),
            ],
            timeout: limit + .seconds(5)
        )
        return !moved.isNull
    }

    /// Puts back what woke a worker that has no room any more, so that it wakes another.
    package func putBack(_ place: Place, over connection: RedisClient) async throws(RedisError) {
        _ = try await connection.send(
            ["LMOVE", .text(place.destination), .text(place.source), "LEFT", "RIGHT"]
        )
    }

    /// Most tickets of one hint.
    static let hintedMax = 200

    /// TikTok has sent word of posts: it is asked now what became of them.
    ///
    /// - Parameter tickets: at most `hintedMax`.
    func hint(_ tickets: [String]) async throws(RedisError) {
        guard !tickets.isEmpty else { return }
        _ = try await run(scripts.hint, tickets.map { .text($0) })
    }

    /// The account's connection has changed: its jobs that wait with timers look again now.
    package func wake(_ account: String) async throws(RedisError) {
        _ = try await run(scripts.wake, [.text(account)])
    }

    /// Pushes a document the way upstream apps do.
    ///
    /// - Returns: the length of the list afterwards.
    package func push(_ document: [UInt8], onto queue: String) async throws(RedisError) -> Int64 {
        try await redis.send(["LPUSH", .text(queue), .bytes(document)]).integer ?? 0
    }
}
