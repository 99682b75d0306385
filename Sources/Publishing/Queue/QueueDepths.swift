package import Redis

/// How many jobs of one queue are where in Redis, at a moment.
package struct QueueDepths: Sendable {
    package let queue: String
    /// Documents that no worker has read, by priority, the most urgent first.
    package let pushed: [Int]
    /// May be taken up again now.
    package let ready: Int
    /// Under a worker's lease.
    package let inHand: Int
    /// On timers.
    package let timed: Int
    /// In the lines of busy accounts.
    package let inLine: Int
    package let dead: Int
    package let pause: Pauses.Pause?
}

extension JobQueue {
    /// Most leases and dead letters that are told apart by queue.
    package static let talliedMax = 20_000
    /// Most queues of one answer.
    package static let queuesMax = 200

    /// Counts the jobs of `queues`, and of every other with jobs in hand, in line or dead.
    ///
    /// The work does not grow with the number of jobs that wait.
    package func depths(of queues: [String]) async throws(RedisError) -> [QueueDepths] {
        let tally = try await run(scripts.tally, [.integer(Int64(Self.talliedMax))]).array ?? []
        let inHand = Self.counts(tally.dropFirst(2).first)
        let dead = Self.counts(tally.dropFirst(3).first)
        let inLine = Self.counts(try await redis.send(["HGETALL", .text(keys.inLine)]))
            .filter { $0.value > 0 }
        let others = Set(inHand.keys).union(dead.keys).union(inLine.keys).subtracting(queues)
        let names = (queues + others.sorted()).prefix(Self.queuesMax)
        var depths: [QueueDepths] = []
        for name in names {
            let lists = try await redis.pipeline(lengths(of: name))
            depths.append(
                QueueDepths(
                    name,
                    lengths: lists.map { Int($0.integer ?? 0) },
                    inHand: inHand[name] ?? 0,
                    inLine: inLine[name] ?? 0,
                    dead: dead[name] ?? 0,
                    pause: try await pause(of: .queue(name))
                )
            )
        }
        return depths
    }

    private func lengths(of queue: String) -> [[RedisArgument]] {
        let lists =
            QueueKeys.sources(of: queue)
            + [keys.stage(of: queue), keys.ready(of: queue), keys.called(of: queue)]
        return lists.map { ["LLEN", .text($0)] } + [["ZCARD", .text(keys.timers(of: queue))]]
    }

    /// Names and numbers in turn.
    private static func counts(_ answer: RedisValue?) -> [String: Int] {
        let parts = answer?.array ?? []
        var counts: [String: Int] = [:]
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let name = parts[index].text, let count = parts[index + 1].integer else {
                continue
            }
            counts[name] = Int(count)
        }
        return counts
    }
}

extension QueueDepths {
    /// - Parameter lengths: of the upstream lists, of the three lists of the queue, and its timers.
    fileprivate init(
        _ queue: String,
        lengths: [Int],
        inHand: Int,
        inLine: Int,
        dead: Int,
        pause: Pauses.Pause?
    ) {
        let sources = QueueKeys.sources(of: queue).count
        self.queue = queue
        // What is staged is taken next, whatever list it came from.
        pushed = lengths.prefix(sources).enumerated().map { index, count in
            index == 0 ? count + lengths[sources] : count
        }
        ready = lengths[sources + 1] + lengths[sources + 2]
        timed = lengths[sources + 3]
        self.inHand = inHand
        self.inLine = inLine
        self.dead = dead
        self.pause = pause
    }

    package var pushedInAll: Int { pushed.reduce(0, +) }
}
