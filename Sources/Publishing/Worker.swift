package import EventLoop
internal import FoundationEssentials
package import Redis
internal import Synchronization
package import Telemetry

/// Claims jobs while it has room, runs each to the end of its turn, and drains when told to.
///
/// Claims nothing while PostgreSQL is away: what cannot be recorded is not begun.
package actor Worker {
    package struct Options: Sendable {
        /// Names of the upstream lists, the most important first, or with weights.
        package let queues: [QueueChoice]
        /// Jobs in hand at once.
        package let concurrency: Int
        /// How long a drain may take before running steps are cut off.
        package let grace: Duration
        /// Calls of one account for verdicts in a minute.
        package let statusCallsPerMinute: Int
        /// How the log calls accounts.
        package let tagger: AccountTagger

        package init(
            queues: [QueueChoice],
            concurrency: Int,
            grace: Duration,
            statusCallsPerMinute: Int,
            tagger: AccountTagger
        ) {
            self.queues = queues
            self.concurrency = concurrency
            self.grace = grace
            self.statusCallsPerMinute = statusCallsPerMinute
            self.tagger = tagger
        }
    }

    /// The parts it works with, each made once.
    package struct Parts: Sendable {
        package let queue: JobQueue
        package let keeper: LeaseKeeper
        package let publisher: Publisher
        package let recorder: Recorder
        package let history: History
        package let health: TikTokHealth
        package let desk: Desk
        package let drain: Drain
        package let log: Log

        package init(
            queue: JobQueue,
            keeper: LeaseKeeper,
            publisher: Publisher,
            recorder: Recorder,
            history: History,
            health: TikTokHealth,
            desk: Desk,
            drain: Drain,
            log: Log
        ) {
            self.queue = queue
            self.keeper = keeper
            self.publisher = publisher
            self.recorder = recorder
            self.history = history
            self.health = health
            self.desk = desk
            self.drain = drain
            self.log = log
        }
    }

    let loop: EventLoop
    let options: Options
    let parts: Parts

    /// By fence: a ticket may come back before its last turn has quite ended.
    var inHand: [Int64: Task<Void, Never>] = [:]
    /// When the worker ends, whatever is still in hand.
    private(set) var finishBy: ContinuousClock.Instant?
    private var isPaused = false
    /// Queues that nothing is claimed from until somebody says otherwise.
    let leftAlone = Mutex<Set<String>>([])
    private var rounds = 0
    /// When the next timer is due, as far as this worker knows.
    var nextTimer = ContinuousClock.now
    var servers = Servers()
    let pokes = Pokes()
    let doors: [JobQueue.Place: Door]

    var queue: JobQueue { parts.queue }
    var drain: Drain { parts.drain }
    var log: Log { parts.log }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameter loop: the one of the clients, so that a job's steps hop between no threads.
    package init(on loop: EventLoop, options: Options, parts: Parts) {
        self.loop = loop
        self.options = options
        self.parts = parts
        let places = options.queues.flatMap { parts.queue.places(of: $0.name) }
        doors = Dictionary(uniqueKeysWithValues: places.map { ($0, Door()) })
    }

    // MARK: From outside

    /// Runs until `stop` or `handBackAtOnce` has ended.
    ///
    /// - Parameter waiters: one connection for each place, used for nothing else.
    package func run(waiters: [JobQueue.Place: RedisClient]) async {
        log.info("worker.start", ["concurrency": .integer(options.concurrency)])
        parts.publisher.tasks.logStart()
        await parts.keeper.start()
        await withTaskGroup { group in
            for (place, connection) in waiters {
                group.addTask { await self.wait(at: place, over: connection) }
            }
            group.addTask { await self.recoverRegularly() }
            await claimUntilDrained()
            group.cancelAll()
        }
        await finishInHand()
        await parts.keeper.stop()
        log.info("worker.stop")
    }

    /// Begins to drain: nothing more is claimed, and running steps stop where it costs nothing.
    package func stop() {
        guard !drain.isDraining else { return }
        log.info("worker.drain", ["in_hand": .integer(inHand.count)])
        beginDrain(within: options.grace)
    }

    /// Ends every turn now; what was committed is where another worker goes on.
    package func handBackAtOnce() {
        beginDrain(within: min(options.grace, .seconds(2)))
        cutOff()
    }

    private func beginDrain(within grace: Duration) {
        drain.begin()
        parts.desk.mode = .draining
        finishBy = .now + grace
        servers.readiness?.cancel()
        pokes.poke()
        for door in doors.values { door.wake() }
    }

    private func cutOff() {
        for task in inHand.values { task.cancel() }
        pokes.poke()
    }

    /// Stops claiming but stays up.
    package func pause() {
        isPaused = true
        parts.desk.mode = .paused
        log.info("worker.pause")
    }

    package func logState() {
        log.info(
            "worker.state",
            [
                "in_hand": .integer(inHand.count), "paused": .bool(isPaused),
                "draining": .bool(drain.isDraining), "redis_up": .bool(!servers.redis.isOn),
                "postgres_up": .bool(!servers.database.isOn),
                "tiktok_up": .bool(!parts.health.isAway(.api)),
                "uploads_up": .bool(!parts.health.isAway(.uploads)),
            ]
        )
    }

    // MARK: Claiming

    /// How many jobs may be taken now.
    var room: Int {
        guard !drain.isDraining, !isPaused else { return 0 }
        let room = options.concurrency - inHand.count
        // TikTok is away: one job now and then finds out whether it is back.
        guard let probe = parts.health.nextProbe(of: .api) else { return room }
        return probe > .zero ? 0 : min(room, 1)
    }

    func room(for queue: String) -> Int {
        leftAlone.withLock { $0.contains(queue) } ? 0 : room
    }

    /// Whether jobs may be begun: not while TikTok takes no bytes, but for one now and then.
    private var mayBegin: Bool { parts.health.nextProbe(of: .uploads) ?? .zero == .zero }

    /// Without anything to wait for, an idle worker looks only this often; what arrives wakes it.
    private static let idlePause = Duration.seconds(10)
    /// While Redis refuses to let workers sleep on lists, as a full one does.
    private static let pollPause = Duration.seconds(1)

    private func claimUntilDrained() async {
        while !drain.isDraining {
            let mustLook = servers.refusesWaits || parts.health.isAway(.uploads)
            var pause = mustLook ? Self.pollPause : Self.idlePause
            if room > 0 {
                pause = await isReady() ? min(pause, await claimRound()) : Self.pollPause
            } else if let probe = parts.health.nextProbe(of: .api), probe > .zero {
                pause = min(pause, max(probe, .milliseconds(10)))
            }
            await pokes.wait(atMost: pause)
        }
    }

    /// Asks each queue once.
    ///
    /// - Returns: when to ask again at the latest.
    private func claimRound() async -> Duration {
        rounds += 1
        // Every list leads in rounds of both kinds.
        let cycle = max(1, options.queues.reduce(0) { $0 + ($1.weight ?? 0) })
        nextTimer = .now + Self.idlePause
        var isHungry = false
        for name in QueueChoice.order(options.queues, round: rounds) where room(for: name) > 0 {
            let terms = JobQueue.Terms(
                most: min(room, parts.health.isAway(.uploads) ? 1 : 64),
                fresh: !mayBegin ? .never : (rounds / cycle).isMultiple(of: 2) ? .first : .last,
                seenFence: servers.seenFence,
                statusCallsPerMinute: options.statusCallsPerMinute
            )
            do {
                let caught = try await queue.claim(from: name, on: terms)
                noteRedis(nil)
                isHungry = take(caught, of: name, asked: terms.most) || isHungry
            } catch {
                noteRedis(error.description)
                servers.fencesAreRaised = false
                return .milliseconds(Int64.random(in: 200..<1000))
            }
        }
        return isHungry ? .zero : max(.zero, ContinuousClock.now.duration(to: nextTimer))
    }

    /// - Returns: whether there may be more at once.
    private func take(_ caught: JobQueue.Catch, of name: String, asked most: Int) -> Bool {
        for claim in caught.jobs { start(claim) }
        if let timer = caught.nextTimer { expectTimer(in: timer) }
        if case .ends(let left) = caught.pause { expectTimer(in: left) }
        let isFull = caught.jobs.count == most
        // A claim that is full may not have come to that list.
        if caught.broken != nil || !isFull { noteBroken(caught.broken, of: name) }
        for (place, door) in doors where place.queue == name {
            if isFull || caught.pause != nil || !mayBegin { door.close() } else { door.open() }
        }
        return isFull
    }

    /// A moment later than Redis said, so that it is certainly due by then.
    func expectTimer(in time: Duration) {
        nextTimer = min(nextTimer, .now + time + .milliseconds(1))
    }

    private func start(_ claim: Claim) {
        servers.seenFence = max(servers.seenFence, claim.fence)
        parts.health.probes(.api)
        parts.desk.take(claim)
        let tasks = TaskSlot()
        let lease = parts.keeper.hold(claim) { tasks.cancel() }
        let task = Task(name: "job") { await self.turn(claim, lease) }
        tasks.fill(task)
        inHand[claim.fence] = task
        if finishBy != nil { task.cancel() }
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
