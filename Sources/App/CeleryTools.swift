internal import EventLoop
internal import JSON
internal import Processes
internal import Publishing
internal import Redis
internal import Telemetry

/// What Celery's tools see of a worker: its events, and whoever answers its remote control.
///
/// Lives on the thread that keeps leases, so that a busy worker is not called dead.
struct CeleryTools: Sendable {
    /// Told of what becomes of tasks.
    let monitor: CeleryMonitor
    private let settings: Settings
    private let loop: EventLoop
    private let log: Log
    let node: CeleryNode
    /// How many tasks of a name this worker may begin in a time.
    let rates = TaskRates()
    private let tasks: CeleryTasks
    private let events: CeleryEvents
    private let redis: RedisClient
    private let listener: RedisClient

    /// Longest request of remote control that is listened to, in bytes.
    ///
    /// About 19,000 ids of tasks; a longer one ends the connection of remote control, which is made
    /// anew.
    private static let requestBytesMax = 1 << 20

    init(_ settings: Settings, on loop: EventLoop, desk: Desk, log: Log) {
        self.settings = settings
        self.loop = loop
        self.log = log
        node = CeleryNode(
            worker: settings.workerName,
            host: Hostname.current,
            process: ProcessIdentity.pid
        )
        tasks = CeleryTasks(desk: desk)
        redis = RedisClient(settings.redis, on: loop, name: "tiktok-publisher-celery")
        listener = RedisClient(
            settings.redis,
            on: loop,
            name: "tiktok-publisher-control",
            limits: RedisLimits(replyBytes: Self.requestBytesMax)
        )
        events = CeleryEvents(
            on: loop,
            redis: redis,
            database: settings.redis.database,
            node: node,
            tasks: tasks,
            sendsTasks: settings.celery.sendsEvents,
            log: log
        )
        monitor = CeleryMonitor(tasks: tasks, events: events)
    }

    /// Says that the worker is there, and begins to answer for it.
    func start(for worker: Worker) async {
        let control = CeleryControl(
            on: loop,
            parts: CeleryControl.Parts(
                node: node,
                tasks: tasks,
                rates: rates,
                events: events,
                queue: JobQueue(redis: redis, keys: settings.keys, lease: settings.lease),
                worker: worker,
                facts: facts,
                log: log
            )
        )
        await control.start(over: listener, database: settings.redis.database)
        await events.start()
    }

    /// Says that the worker goes.
    func stop() async {
        await events.stop()
    }

    func close() async {
        await listener.close()
        await redis.close()
    }

    private var facts: CeleryFacts {
        CeleryFacts(
            taskNames: Array(settings.celery.tasks),
            queues: settings.queues.map(\.name),
            concurrency: settings.concurrency,
            address: settings.redis,
            routes: settings.celery.routes,
            settings: [
                "result_backend": .string((settings.celery.results ?? settings.redis).description),
                "task_track_started": .bool(settings.celery.tracksStarted),
                "result_expires": .integer(settings.celery.resultLifetime.milliseconds / 1000),
            ]
        )
    }
}
