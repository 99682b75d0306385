import EventLoop
import Foundation
import Redis
import Testing

@testable import Publishing

/// One queue by a simulated clock, for a test that says each step itself.
struct QueueModelScene {
    let redis: RedisClient
    let queue: JobQueue
    let admission: Admission
    let name = "queue"

    /// Runs a test in an empty database; only one at a time may.
    static func run(
        limits: Admission.Limits,
        _ body: (QueueModelScene) async throws -> Void
    ) async throws {
        let loop = EventLoop(name: "scene")
        defer { loop.stop() }
        let address = try await QueueModelRunner.shared().address(3)
        let redis = RedisClient(address, on: loop, name: "scene")
        let scripts = Scripts(QueueModelRules.keys) { QueueModelClock.put(into: $1, of: $0) }
        let queue = JobQueue(
            redis: redis,
            keys: QueueModelRules.keys,
            lease: QueueModelRules.lease,
            scripts: scripts
        )
        let scene = QueueModelScene(
            redis: redis,
            queue: queue,
            admission: Admission(queue: queue, limits: limits)
        )
        do {
            _ = try await redis.send(["FLUSHDB"])
            _ = try await redis.send(["SET", .text(QueueModelClock.key), 1_700_000_000_000])
            try await body(scene)
        } catch {
            await redis.close()
            throw error
        }
        await redis.close()
    }

    static func limits(
        slots: Int = 8,
        posts: Int = 0,
        accounts: Int = 0,
        calls: Int = 100
    ) -> Admission.Limits {
        Admission.Limits(
            concurrency: slots,
            dailyPosts: posts,
            dailyDrafts: 0,
            activeAccounts: accounts,
            perMinute: Admission.CallsPerMinute(creatorInfo: calls, inits: calls, status: calls)
        )
    }

    /// A job in a worker's hands, and what it says.
    struct Held {
        let claim: Claim
        let job: PublishJob
    }

    func advance(_ duration: Duration) async throws {
        let now = try await redis.send(["GET", .text(QueueModelClock.key)]).integer ?? 0
        _ = try await redis.run(
            RedisScript(name: "advance", source: QueueModelClock.advance),
            keys: [],
            arguments: [.integer(now + duration.milliseconds)]
        )
    }

    func push(_ id: String, of account: String, _ mode: PublishJob.Mode = .direct) async throws {
        let document = """
            {"id": "\(id)", "account": "\(account)", "video": "a.mp4", "privacy": "public", \
            "mode": "\(mode.rawValue)"}
            """
        _ = try await queue.push(Array(document.utf8), onto: name)
    }

    func terms(_ most: Int, _ fresh: JobQueue.Terms.Fresh = .last) -> JobQueue.Terms {
        JobQueue.Terms(most: most, fresh: fresh, seenFence: 0, statusCallsPerMinute: 100)
    }

    func claim(_ most: Int = 1) async throws -> [Claim] {
        try await queue.claim(from: name, on: terms(most)).jobs
    }

    /// The same queue as a worker with other settings sees it.
    func with(_ limits: Admission.Limits) -> QueueModelScene {
        QueueModelScene(
            redis: redis,
            queue: queue,
            admission: Admission(queue: queue, limits: limits)
        )
    }

    /// The next job.
    func take() async throws -> Held {
        let claim = try #require(try await claim().first)
        return Held(claim: claim, job: try PublishJob(claim))
    }

    func takeNew(
        _ id: String,
        of account: String,
        _ mode: PublishJob.Mode = .direct
    ) async throws -> Held {
        try await push(id, of: account, mode)
        return try await take()
    }

    /// Asks for a job to run, and puts it where the answer says.
    func admit(_ held: Held) async throws -> Admission.Answer {
        let answer = try await ask(held)
        if case .wait(let wait) = answer { try await park(held, wait) }
        return answer
    }

    func ask(_ held: Held) async throws -> Admission.Answer {
        try await admission.admit(held.job, claim: held.claim, dailyPosts: nil, needsSlot: true)
    }

    func park(_ held: Held, _ wait: Admission.Wait) async throws {
        var settlement = Settlement.line(held.claim)
        if let delay = wait.delay {
            settlement = .park(for: delay, held.claim)
            settlement.slot = wait.reason == .schedule ? .freed : .kept
            settlement.reason = wait.reason.rawValue
        }
        #expect(try await queue.settle(held.claim, as: settlement))
    }
}
