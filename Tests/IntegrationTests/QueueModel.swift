import EventLoop
import Foundation
import Redis
import TikTok

@testable import Publishing

/// Simulated workers and people on a real Redis, by a simulated clock.
///
/// Everything a worker does goes through the program's own `JobQueue`, `Admission` and `Pacer`, and
/// so through its own scripts; only what the worker would decide is drawn at random. The record
/// checks every answer, and the invariants all that lies in Redis.
actor QueueModel {
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let loop: EventLoop
    let redis: RedisClient
    let queue: JobQueue
    let admission: Admission
    var numbers: QueueModelNumbers
    let rules: QueueModelRules
    var record: QueueModelRecord
    var hands: [QueueModelHeld] = []
    /// The highest fence that each worker has seen; `nil`: it has only just started.
    var seenFences = [Int64?](repeating: nil, count: QueueModelRules.workers)
    /// PostgreSQL: the highest fence recorded for each job, and how jobs ended.
    var openedFences: [String: Int64] = [:]
    var endings: [String: (ticket: String, isDead: Bool)] = [:]
    var pushed: [QueueModelPush] = []
    private(set) var trail: [String] = []

    private var scripts: [String: RedisScript] = [:]

    /// - Parameter edit: a change to a script's text, by its name.
    init(
        seed: Int,
        over redis: RedisClient,
        on loop: EventLoop,
        editedBy edit: (_ name: String, _ source: String) -> String = { $1 }
    ) {
        self.loop = loop
        self.redis = redis
        numbers = QueueModelNumbers(seed: seed)
        rules = QueueModelRules(&numbers)
        record = QueueModelRecord(rules: rules)
        let scripts = Scripts(QueueModelRules.keys) { name, source in
            QueueModelClock.put(into: edit(name, source), of: name)
        }
        queue = JobQueue(
            redis: redis,
            keys: QueueModelRules.keys,
            lease: QueueModelRules.lease,
            scripts: scripts
        )
        admission = Admission(queue: queue, limits: rules.limits)
    }

    /// Runs so many steps, and then until nothing is left to do.
    ///
    /// - Returns: what was seen, and how often.
    func run(steps: Int) async throws -> [String: Int] {
        _ = try await redis.send(["FLUSHDB"])
        try await advance(by: 0)
        for step in 0..<steps {
            try await self.step()
            if step.isMultiple(of: 20) { try await checkInvariants() }
        }
        try await checkInvariants()
        try await finish()
        return record.tally
    }

    private func step() async throws {
        let worker = numbers.from(0, to: QueueModelRules.workers - 1)
        switch numbers.from(0, to: 999) {
        case ..<rules.pushes: try await push()
        case ..<(rules.pushes + 50): try await sleep(worker)
        case ..<(rules.pushes + 200): try await claim(worker, from: numbers.one(of: rules.queues))
        case ..<640: try await work()
        case ..<760: try await beat(worker)
        case ..<810: try await recover()
        case ..<820: try await pause()
        case ..<838: try await resume()
        case ..<855: try await cancel()
        case ..<875: try await lookAfterDead()
        case ..<879: try await loseFences()
        case ..<885: die(worker)
        default: try await advance(by: numbers.one(of: rules.jumps))
        }
    }

    func note(_ line: @autoclosure () -> String) {
        trail.append("+\(record.now - 1_700_000_000_000) ms: \(line())")
        if trail.count > 40 { trail.removeFirst(trail.count - 30) }
    }

    func advance(by milliseconds: Int64) async throws {
        record.now += milliseconds
        note("the clock goes on by \(milliseconds) ms")
        _ = try await run("advance", QueueModelClock.advance, [.integer(record.now)])
    }

    /// Runs a script of the model's own.
    func run(
        _ name: String,
        _ source: String,
        _ arguments: [RedisArgument] = []
    ) async throws -> RedisValue {
        let script = RedisScript(name: "model \(name)", source: source)
        return try await redis.run(script, keys: [], arguments: arguments)
    }

    /// Checks that an action of somebody who has lost the job changes nothing.
    func fenced<Answer>(
        _ claim: Claim,
        _ act: () async throws -> Answer
    ) async throws -> Answer {
        guard !record.isCurrent(claim) else { return try await act() }
        let before = try await run("digest", QueueModelSnapshot.digest)
        let answer = try await act()
        let after = try await run("digest", QueueModelSnapshot.digest)
        try unless(
            before == after,
            "the stale fence \(claim.fence) of \(claim.ticket) changed something"
        )
        return answer
    }

    // MARK: What comes in

    private func push() async throws {
        let push = QueueModelPush(number: pushed.count, after: pushed, record.now, &numbers, rules)
        pushed.append(push)
        record.pushes[push.text] = push.number
        record.upstream[push.queue]?[push.level + 1].insert(push.text, at: 0)
        note("push \(push.text) onto \(push.queue), priority \(push.level)")
        let list = QueueKeys.sources(of: push.queue)[push.level]
        _ = try await queue.push(Array(push.text.utf8), onto: list)
    }

    /// An arrival wakes a worker, who may die right there, or have no room any more.
    private func sleep(_ worker: Int) async throws {
        let name = numbers.one(of: rules.queues)
        let places = queue.places(of: name)
        let level = numbers.from(0, to: places.count - 1)
        let place = places[level]
        guard try await redis.send(["LLEN", .text(place.source)]).integer ?? 0 > 0 else { return }
        _ = try await queue.wait(at: place, over: redis, atMost: .seconds(1))
        note("worker \(worker) is woken by \(place.source)")
        let isFresh = level < places.count - 1
        if isFresh, let text = record.upstream[name]?[level + 1].popLast() {
            record.upstream[name]?[0].insert(text, at: 0)
        }
        switch numbers.from(0, to: 9) {
        case 0...1: return
        case 2:
            try await queue.putBack(place, over: redis)
            guard isFresh, let text = record.upstream[name]?[0].first else { return }
            record.upstream[name]?[0].removeFirst()
            record.upstream[name]?[level + 1].append(text)
        default: try await claim(worker, from: name)
        }
    }
}

/// A job in a simulated worker's hands.
struct QueueModelHeld {
    let claim: Claim
    let worker: Int
    /// `nil`: its document cannot be read.
    let job: PublishJob?
    /// When the lease ends as far as the worker knows.
    var leaseEnd: Int64
    var isAdmitted = false
    /// Whether it has asked for the init that admission counted for it.
    var hasBegun = false
    /// Decided, and not known to be settled.
    var pending: Settlement?
}
