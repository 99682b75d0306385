internal import FoundationEssentials
package import Redis
package import TikTok

/// The queue in Redis: one method a script.
///
/// The scripts say what each leaves behind.
package struct JobQueue: Sendable {
    let redis: RedisClient
    package let keys: QueueKeys
    let scripts: Scripts
    private let leaseMilliseconds: Int64

    /// How long the id of a finished job stays taken in Redis.
    ///
    /// PostgreSQL refuses it ever after.
    static let finishedIDMilliseconds: Int64 = 7 * 86_400_000

    package init(redis: RedisClient, keys: QueueKeys, lease: Duration) {
        self.init(redis: redis, keys: keys, lease: lease, scripts: Scripts(keys))
    }

    /// - Parameter scripts: made for `keys`.
    init(redis: RedisClient, keys: QueueKeys, lease: Duration, scripts: Scripts) {
        self.redis = redis
        self.keys = keys
        self.scripts = scripts
        leaseMilliseconds = lease.milliseconds
    }

    /// Most jobs that one call of `recover` makes ready.
    static let recoveredMax = 100
    /// A worker that has shown no life for so long is forgotten; it is only shown to people.
    private static let workerSilenceMax = Duration.seconds(60)

    /// What one call of `claim` brought.
    package struct Catch: Sendable {
        package let jobs: [Claim]
        /// Until the queue's next timer; `nil` when it has none.
        package let nextTimer: Duration?
        /// Whether a person has paused the queue, and for how long if that is known.
        package let pause: Pauses.Length?
        /// An upstream list that is none: under its name Redis holds something else.
        package let broken: String?
    }

    /// How a claim is made.
    package struct Terms: Sendable {
        /// Most jobs.
        let most: Int
        let fresh: Fresh
        /// A fence this worker has seen: lower ones mean that Redis lost data.
        let seenFence: Int64
        let statusCallsPerMinute: Int

        /// When documents come that no worker has read yet.
        enum Fresh: String {
            /// Before jobs that were parked.
            case first = "1"
            case last = "0"
            case never = "-"
        }
    }

    /// Takes jobs of a queue.
    ///
    /// - Throws: `RedisError`; when the answer was lost, the jobs come back after one lease.
    package func claim(
        from queue: String,
        on terms: Terms
    ) async throws(RedisError) -> Catch {
        let asked = ContinuousClock.now
        let newTickets = Self.newTickets()
        let answer = try await redis.run(
            scripts.claim,
            keys: QueueKeys.sources(of: queue),
            arguments: [
                .integer(leaseMilliseconds), .integer(Int64(terms.most)),
                .text(terms.fresh.rawValue), .text(queue),
                .integer(Int64(PublishJob.documentBytesMax)), .text(newTickets),
                .integer(terms.seenFence), .integer(Int64(terms.statusCallsPerMinute)),
            ]
        )
        guard let items = answer.array, items.count >= 3, let next = items[0].integer,
            let pause = items[1].integer, let broken = items[2].text
        else { throw .unexpectedAnswer(of: scripts.claim) }
        return Catch(
            jobs: items.dropFirst(3).compactMap {
                Claim($0, queue: queue, claimedAt: asked, newTickets: newTickets)
            },
            nextTimer: next < 0 ? nil : .milliseconds(next),
            pause: Pauses.Length(pause),
            broken: broken.isEmpty ? nil : broken
        )
    }

    /// Makes jobs of dead workers ready again; any worker may call it at any time.
    ///
    /// - Returns: how many, at most `recoveredMax` a call, and the time until the next timer of
    ///   `queues`.
    package func recover(
        lookingAfter queues: [String]
    ) async throws(RedisError) -> (count: Int, nextTimer: Duration?) {
        let answer = try await run(
            scripts.recover,
            [
                .integer(Int64(Self.recoveredMax)),
                .integer(Self.workerSilenceMax.milliseconds),
            ] + queues.map { .text($0) }
        )
        let parts = answer.array?.compactMap(\.integer) ?? []
        guard parts.count == 2 else { throw .unexpectedAnswer(of: scripts.recover) }
        return (Int(parts[0]), parts[1] < 0 ? nil : .milliseconds(parts[1]))
    }

    /// Puts a job where its outcome says.
    ///
    /// - Parameter uncalled: calls that its admission has counted, of an init that was not asked
    ///   for.
    /// - Returns: `false` when the job is no longer ours; then nothing was changed.
    package func settle(
        _ claim: Claim,
        as settlement: Settlement,
        uncalled: [Endpoint] = []
    ) async throws(RedisError) -> Bool {
        let answer = try await run(
            scripts.settle,
            [
                .text(claim.ticket), .integer(claim.fence), .text(settlement.verb),
                .integer(settlement.delay.milliseconds), .text(settlement.stage.rawValue),
                .integer(Int64(settlement.polls)), .integer(Int64(settlement.attempts)),
                .text(settlement.givesPostBack ? "1" : "0"),
                .integer(settlement.holdAccount.milliseconds), .text(settlement.reason),
                .integer(Self.finishedIDMilliseconds),
                .text(settlement.slot.rawValue), .text(settlement.holdsFor.rawValue),
            ] + uncalled.map { .text($0.rawValue) }
        )
        return answer.integer == 1
    }

    /// Says that this worker lost a job and lives: the job is not to blame.
    package func survive(_ claim: Claim) async throws(RedisError) {
        _ = try await run(scripts.survive, [.text(claim.ticket), .integer(claim.fence)])
    }

    /// What a beat found out.
    package struct Beat: Sendable {
        /// Tickets that are no longer ours.
        let lost: [String]
        /// Tickets that somebody asked to cancel.
        let cancelled: [String]
    }

    /// Renews the leases of the jobs in hand, and says that `worker` lives.
    package func beat(
        _ held: [(ticket: String, fence: Int64)],
        worker: String,
        state: String
    ) async throws(RedisError) -> Beat {
        var arguments: [RedisArgument] = [
            .integer(leaseMilliseconds), .text(worker), .text(state),
        ]
        for job in held {
            arguments += [.text(job.ticket), .integer(job.fence)]
        }
        let lists = (try await run(scripts.beat, arguments).array ?? []).map { list in
            (list.array ?? []).compactMap(\.text)
        }
        guard lists.count == 2 else { throw .unexpectedAnswer(of: scripts.beat) }
        return Beat(lost: lists[0], cancelled: lists[1])
    }

    /// Takes a worker that stops off the list of those that live.
    package func leave(_ worker: String) async throws(RedisError) {
        let commands: [[RedisArgument]] = [
            ["ZREM", .text(keys.workers), .text(worker)],
            ["HDEL", .text(keys.workerStates), .text(worker)],
        ]
        // A drain has better things to wait for.
        _ = try await redis.pipeline(commands, timeout: .seconds(1))
    }

    /// Lifts the fences above `fence`, the highest that PostgreSQL holds.
    ///
    /// - Returns: the fence that stands now.
    package func raiseFence(above fence: Int64) async throws(RedisError) -> Int64 {
        let stands = try await run(scripts.raiseFence, [.integer(fence)]).integer
        guard let stands, stands > fence else { throw .unexpectedAnswer(of: scripts.raiseFence) }
        return stands
    }

    /// Runs a script, also for other steps.
    func run(
        _ script: RedisScript,
        _ arguments: [RedisArgument]
    ) async throws(RedisError) -> RedisValue {
        try await redis.run(script, keys: [], arguments: arguments)
    }

    /// 128 random bits: no two claims ever name a ticket alike.
    private static func newTickets() -> String {
        UUID().uuidString.lowercased()
    }
}

extension RedisError {
    /// A script of ours answered in a shape that none of them has: never taken for good news.
    static func unexpectedAnswer(of script: RedisScript) -> RedisError {
        .refused(RedisFailure(code: "", message: "\(script.name) answered in another shape"))
    }
}

extension Pauses {
    /// How long a pause still lasts.
    package enum Length: Sendable, Equatable {
        case open
        case ends(after: Duration)

        /// - Parameter milliseconds: -1: no end; 0: no pause.
        init?(_ milliseconds: Int64) {
            switch milliseconds {
            case ..<0: self = .open
            case 0: return nil
            default: self = .ends(after: .milliseconds(milliseconds))
            }
        }
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
