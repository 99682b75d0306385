internal import FoundationEssentials
package import Redis

/// The queue in Redis: one method a script.
///
/// The scripts say what each leaves behind.
package struct JobQueue: Sendable {
    private let redis: RedisClient
    private let keys: QueueKeys
    private let leaseMilliseconds: Int64

    /// How long the id of a finished job stays taken in Redis.
    ///
    /// PostgreSQL refuses it ever after.
    private static let finishedIDMilliseconds: Int64 = 7 * 86_400_000

    package init(redis: RedisClient, keys: QueueKeys, lease: Duration) {
        self.redis = redis
        self.keys = keys
        leaseMilliseconds = lease.milliseconds
    }

    static let recoveredMax = 100

    /// What one call of `claim` brought.
    package struct Catch: Sendable {
        package let jobs: [Claim]
        /// Until the queue's next timer; `nil` when it has none.
        package let nextTimer: Duration?
    }

    /// Takes up to `most` jobs of a queue.
    ///
    /// - Throws: `RedisError`; when the answer was lost, the jobs come back after one lease.
    package func claim(
        from queue: String,
        atMost most: Int,
        freshFirst: Bool
    ) async throws(RedisError) -> Catch {
        var arguments: [RedisArgument] = [
            .integer(leaseMilliseconds), .integer(Int64(most)), .text(freshFirst ? "1" : "0"),
            .text(queue), .integer(Int64(PublishJob.documentBytesMax)),
        ]
        for _ in 0..<most {
            arguments.append(.text(Self.newTicket()))
        }
        let answer = try await redis.run(
            Scripts.claim,
            keys: keys.all + [queue],
            arguments: arguments
        )
        let items = answer.array ?? []
        let next = items.first?.integer ?? -1
        return Catch(
            jobs: items.dropFirst().compactMap { Claim($0, queue: queue) },
            nextTimer: next < 0 ? nil : .milliseconds(next)
        )
    }

    /// Makes jobs of dead workers ready again; any worker may call it at any time.
    ///
    /// - Returns: how many; at most `recoveredMax` a call.
    package func recover() async throws(RedisError) -> Int {
        let answer = try await redis.run(
            Scripts.recover,
            keys: keys.all,
            arguments: [.integer(Int64(Self.recoveredMax))]
        )
        return Int(answer.integer ?? 0)
    }

    /// Puts a job where its outcome says.
    ///
    /// - Returns: `false` when the job is no longer ours; then nothing was changed.
    package func settle(
        _ claim: Claim,
        as settlement: Settlement
    ) async throws(RedisError) -> Bool {
        let answer = try await redis.run(
            Scripts.settle,
            keys: keys.all,
            arguments: [
                .text(claim.ticket), .integer(claim.fence), .text(settlement.verb),
                .integer(settlement.delay.milliseconds), .text(settlement.stage.rawValue),
                .integer(Int64(settlement.polls)), .integer(Int64(settlement.attempts)),
                .text(settlement.givesPostBack ? "1" : "0"),
                .integer(settlement.holdAccount.milliseconds), .text(settlement.reason),
                .integer(Self.finishedIDMilliseconds),
            ]
        )
        return answer.integer == 1
    }

    /// Renews the leases of `claims`.
    ///
    /// - Returns: the tickets that are no longer ours.
    package func beat(
        _ held: [(ticket: String, fence: Int64)]
    ) async throws(RedisError) -> [String] {
        var arguments: [RedisArgument] = [.integer(leaseMilliseconds)]
        for job in held {
            arguments += [.text(job.ticket), .integer(job.fence)]
        }
        let lost = try await redis.run(Scripts.beat, keys: keys.all, arguments: arguments)
        return (lost.array ?? []).compactMap(\.text)
    }

    /// Lifts the fences above `fence`, the highest that PostgreSQL holds.
    package func raiseFence(above fence: Int64) async throws(RedisError) {
        _ = try await redis.run(
            Scripts.raiseFence,
            keys: keys.all,
            arguments: [.integer(fence)]
        )
    }

    /// Waits until a document arrives on the upstream list and moves it to where the next claim
    /// finds it.
    ///
    /// Needs a connection of its own: Redis answers nothing else meanwhile.
    ///
    /// - Returns: whether one came within `limit`.
    package func waitForDocument(
        on queue: String,
        over connection: RedisClient,
        atMost limit: Duration
    ) async throws(RedisError) -> Bool {
        let moved = try await connection.send(
            [
                "BLMOVE", .text(queue), .text(keys.stage(of: queue)), "RIGHT", "LEFT",
                .text("\(Double(limit.milliseconds) / 1000)"),
            ],
            timeout: limit + .seconds(5)
        )
        return !moved.isNull
    }

    /// Pushes a document the way upstream apps do.
    ///
    /// - Returns: the length of the list afterwards.
    package func push(_ document: [UInt8], onto queue: String) async throws(RedisError) -> Int64 {
        try await redis.send(["LPUSH", .text(queue), .bytes(document)]).integer ?? 0
    }

    /// Runs a script of another step over the same keys.
    func run(
        _ script: RedisScript,
        _ arguments: [RedisArgument]
    ) async throws(RedisError) -> RedisValue {
        try await redis.run(script, keys: keys.all, arguments: arguments)
    }

    /// 128 random bits: no two tickets are ever the same.
    private static func newTicket() -> String {
        UUID().uuidString.lowercased()
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds with their fraction, for arithmetic with dates.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
