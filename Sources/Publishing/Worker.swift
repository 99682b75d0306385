package import EventLoop
internal import FoundationEssentials
package import Redis
package import Telemetry

/// Claims jobs while it has room, runs each to the end of its turn, and drains when told to.
///
/// Claims nothing while PostgreSQL is away: what cannot be recorded is not begun.
package actor Worker {
    package struct Options: Sendable {
        /// Names of the upstream lists, the most important first; a weighted list repeats a name.
        package let queues: [QueueChoice]
        /// Jobs in hand at once.
        package let concurrency: Int
        /// How long a drain may take before running steps are cut off.
        package let grace: Duration

        package init(queues: [QueueChoice], concurrency: Int, grace: Duration) {
            self.queues = queues
            self.concurrency = concurrency
            self.grace = grace
        }
    }

    private let loop: EventLoop
    private let options: Options
    let queue: JobQueue
    private let keeper: LeaseKeeper
    private let publisher: Publisher
    private let recorder: Recorder
    private let history: History
    let drain: Drain
    let log: Log

    /// By fence: a ticket may come back before its last turn has quite ended.
    private var inHand: [Int64: Task<Void, Never>] = [:]
    private var readiness: Task<Bool, Never>?
    /// When the worker ends, whatever is still in hand.
    private var finishBy: ContinuousClock.Instant?
    private var isPaused = false
    private var redisOutage = Outage("redis")
    private(set) var databaseOutage = Outage("postgres")
    private var rounds = 0
    let pokes = Pokes()

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameter loop: the one of the clients, so that a job's steps hop between no threads.
    package init(
        on loop: EventLoop,
        options: Options,
        queue: JobQueue,
        keeper: LeaseKeeper,
        publisher: Publisher,
        recorder: Recorder,
        history: History,
        drain: Drain,
        log: Log
    ) {
        self.loop = loop
        self.options = options
        self.queue = queue
        self.keeper = keeper
        self.publisher = publisher
        self.recorder = recorder
        self.history = history
        self.drain = drain
        self.log = log
    }

    // MARK: From outside

    /// Runs until `stop` or `handBackAtOnce` has ended.
    ///
    /// - Parameter waiters: one connection for each queue, used for nothing else.
    package func run(waiters: [String: RedisClient]) async {
        log.info("worker.start", ["concurrency": .integer(options.concurrency)])
        await withTaskGroup { group in
            for (name, connection) in waiters {
                group.addTask { await self.waitForDocuments(on: name, over: connection) }
            }
            group.addTask { await self.recoverRegularly() }
            await claimUntilDrained()
            group.cancelAll()
        }
        await finishInHand()
        await keeper.stop()
        log.info("worker.stop")
    }

    /// Begins to drain: nothing more is claimed, and running steps stop where it costs nothing.
    package func stop() {
        guard !drain.isDraining else { return }
        log.info("worker.drain", ["in_hand": .integer(inHand.count)])
        drain.begin()
        finishBy = .now + options.grace
        readiness?.cancel()
        pokes.poke()
    }

    /// Ends every turn now; what was committed is where another worker goes on.
    package func handBackAtOnce() {
        drain.begin()
        finishBy = .now + min(options.grace, .seconds(2))
        readiness?.cancel()
        cutOff()
    }

    private func cutOff() {
        for task in inHand.values { task.cancel() }
        pokes.poke()
    }

    /// Stops claiming but stays up.
    package func pause() {
        isPaused = true
        log.info("worker.pause")
    }

    package func logState() {
        log.info(
            "worker.state",
            [
                "in_hand": .integer(inHand.count), "paused": .bool(isPaused),
                "draining": .bool(drain.isDraining), "redis_up": .bool(!redisOutage.isOn),
                "postgres_up": .bool(!databaseOutage.isOn),
            ]
        )
    }

    // MARK: Claiming

    var room: Int {
        drain.isDraining || isPaused ? 0 : options.concurrency - inHand.count
    }

    private func claimUntilDrained() async {
        while !drain.isDraining {
            var nextTimer = Duration.seconds(1)
            if room > 0, await isReady(), !drain.isDraining {
                nextTimer = min(nextTimer, await claimRound())
            }
            await pokes.wait(atMost: nextTimer)
        }
    }

    /// Whether claims make sense now; a drain does not wait for the answer of a server that is
    /// away.
    private func isReady() async -> Bool {
        let check = Task {
            guard await databaseIsUp(), !Task.isCancelled else { return false }
            return await fencesAreAbove()
        }
        readiness = check
        defer { readiness = nil }
        return await check.value
    }

    /// Asks each queue once.
    ///
    /// - Returns: when to ask again at the latest.
    private func claimRound() async -> Duration {
        rounds += 1
        var next = Duration.seconds(1)
        for name in QueueChoice.order(options.queues, round: rounds) where room > 0 {
            let asked = ContinuousClock.now
            let most = min(room, 64)
            do {
                let caught = try await queue.claim(
                    from: name,
                    atMost: most,
                    freshFirst: rounds.isMultiple(of: 2)
                )
                note(&redisOutage, nil)
                for claim in caught.jobs { await start(claim, claimedAt: asked) }
                if let timer = caught.nextTimer { next = min(next, timer + .milliseconds(1)) }
                if caught.jobs.count == most { next = .zero }
            } catch {
                note(&redisOutage, error.description)
                fencesAreRaised = false
                return .milliseconds(Int64.random(in: 200..<1000))
            }
        }
        return next
    }

    private func start(_ claim: Claim, claimedAt asked: ContinuousClock.Instant) async {
        let tasks = TaskSlot()
        let lease = await keeper.hold(claim, claimedAt: asked) { tasks.cancel() }
        let task = Task(name: "job") { await self.turn(claim, lease) }
        tasks.fill(task)
        inHand[claim.fence] = task
        if finishBy != nil { task.cancel() }
    }

    /// One job's turn, from claim to settlement.
    private func turn(_ claim: Claim, _ lease: Lease) async {
        let result = await publisher.publish(claim, lease: lease)
        // A cancelled turn must still be recorded: the new task is not cancelled with this one.
        let ending = await Task { await self.recorder.record(result, of: claim, lease: lease) }
            .value
        await keeper.release(lease)
        inHand[claim.fence] = nil
        report(result, claim, ending)
        // Either is looked into before the next claim, and costs one question when all is well.
        if case .handedBack = result.outcome, !drain.isDraining { databaseMayBeAway = true }
        if case .left = ending { fencesAreRaised = false }
        pokes.poke()
    }

    // MARK: Outages

    /// Set by a turn that could not reach PostgreSQL; cleared by an answer.
    private var databaseMayBeAway = true

    /// Redis has gone away for a reason, or is back: told at once, where a claim would wait first.
    package func redisChanged(awayBecause reason: String?) {
        if reason != nil { fencesAreRaised = false }
        note(&redisOutage, reason)
        pokes.poke()
    }

    /// PostgreSQL has gone away for a reason, or may be back.
    package func databaseChanged(awayBecause reason: String?) {
        databaseMayBeAway = true
        if let reason { note(&databaseOutage, reason) }
        pokes.poke()
    }

    private func databaseIsUp() async -> Bool {
        guard databaseMayBeAway || databaseOutage.isOn else { return true }
        do {
            _ = try await history.highestFence()
            databaseMayBeAway = false
            note(&databaseOutage, nil)
            return true
        } catch {
            note(&databaseOutage, "\(error)")
            return false
        }
    }

    /// Cleared whenever Redis may have come back with older data.
    private var fencesAreRaised = false

    /// Makes sure that the next fence is above every recorded one; else new claims would be stale.
    private func fencesAreAbove() async -> Bool {
        guard !fencesAreRaised else { return true }
        do {
            try await queue.raiseFence(above: try await history.highestFence())
            fencesAreRaised = true
        } catch let error as RedisError {
            note(&redisOutage, error.description)
        } catch {
            note(&databaseOutage, "\(error)")
        }
        return fencesAreRaised
    }

    private func note(_ outage: inout Outage, _ reason: String?) {
        switch outage.note(reason) {
        case .began(let reason):
            log.warning("server.away", ["server": .string(outage.name), "reason": .string(reason)])
        case .ended(let after):
            log.info("server.back", ["server": .string(outage.name), "after": .duration(after)])
        case nil: break
        }
    }

    // MARK: The end

    /// Waits for running turns, cuts them off when most of the grace is over, and leaves what then
    /// is still not recorded to its lease's end.
    private func finishInHand() async {
        // Even when the way here took all of it, turns get a second to hand back.
        let floor = ContinuousClock.now + .seconds(1)
        var isCutOff = false
        while !inHand.isEmpty, case let end = max(finishBy ?? floor, floor),
            ContinuousClock.now < end
        {
            let left = ContinuousClock.now.duration(to: end)
            if !isCutOff, left < options.grace * 0.3 {
                isCutOff = true
                cutOff()
            }
            await pokes.wait(atMost: .milliseconds(100))
        }
        drain.end()
        if !inHand.isEmpty { log.warning("worker.left", ["in_hand": .integer(inHand.count)]) }
    }
}
