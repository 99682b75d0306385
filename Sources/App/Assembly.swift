internal import Crypto
internal import EventLoop
internal import Files
internal import HTTP
internal import JSON
internal import Postgres
internal import Processes
internal import Publishing
internal import Redis
internal import Telemetry
internal import TikTok

/// Makes each part once, in order of dependency; the only place that knows them all.
struct Assembly: Sendable {
    let settings: Settings
    let loop: EventLoop
    let redis: RedisClient
    let database: PostgresPool
    let queue: JobQueue
    let accounts: Accounts
    let log: Log
    private let http: HTTPClient

    init(_ settings: Settings) {
        self.settings = settings
        loop = EventLoop(name: "publisher")
        // A server that is not there at the start is told at once: a person may be waiting.
        redis = RedisClient(
            settings.redis,
            on: loop,
            name: "tiktok-publisher",
            waitsForServer: false
        )
        database = PostgresPool(
            settings.database,
            on: loop,
            applicationName: "tiktok-publisher",
            schema: settings.schema,
            waitsForServer: false
        )
        queue = JobQueue(redis: redis, keys: settings.keys, lease: settings.lease)
        let log = Log(
            level: settings.logLevel,
            format: settings.logFormat,
            redactor: Redactor(secrets: Self.registry(of: settings.secrets)),
            sink: { StandardStream.error.write($0) }
        )
        self.log = log
        let http = HTTPClient(on: loop)
        self.http = http
        accounts = Accounts(
            database: database,
            on: loop,
            fernet: settings.fernet,
            renewal: Self.renewal(settings, http, log)
        )
    }

    /// Not looked at by `TikTokHealth`: trouble with the token service stops no post whose token
    /// lives.
    private static func renewal(
        _ settings: Settings,
        _ http: HTTPClient,
        _ log: Log
    ) -> TokenRenewal {
        TokenRenewal(
            api: api(settings, http),
            client: settings.client,
            log: log,
            tagger: settings.tagger
        )
    }

    /// The API without the worker's health checks, for commands.
    var api: TikTokAPI { Self.api(settings, http) }

    private static func api(_ settings: Settings, _ http: HTTPClient) -> TikTokAPI {
        TikTokAPI(base: settings.api, uploadHosts: settings.uploadHosts) {
            request throws(HTTPError) in try await http.send(request)
        }
    }

    /// What the log must never repeat, whole and in its parts.
    private static func registry(of secrets: [String]) -> SecretRegistry {
        let registry = SecretRegistry()
        for secret in secrets {
            registry.register(secret)
            for part in secret.split(separator: ",") { registry.register(String(part)) }
        }
        return registry
    }

    /// Ends the loop without waiting for connections; enough where the program ends next.
    func stop() {
        loop.stop()
    }

    /// Closes what was opened, in order.
    func close() async {
        await redis.close()
        await database.close()
        await http.close()
        loop.stop()
    }

    // MARK: The worker

    /// Tells the worker of each change that the clients notice, in the order in which they come.
    func reportOutages(to parts: WorkerParts) async {
        let worker = parts.worker
        await redis.onChange { state in
            let reason: String? = if case .down(let reason) = state { reason } else { nil }
            Task { await worker.redisChanged(awayBecause: reason) }
        }
        await database.onChange { state in
            let reason: String? = if case .down(let reason) = state { reason } else { nil }
            Task { await worker.databaseChanged(awayBecause: reason) }
        }
        parts.health.onChange { change in
            Task { await worker.tiktokChanged(change) }
        }
    }

    func makeWorker() -> WorkerParts {
        let heartbeat = EventLoop(name: "heartbeat")
        let heartbeatRedis = RedisClient(
            settings.redis,
            on: heartbeat,
            name: "tiktok-publisher-heartbeat",
            timeouts: RedisTimeouts(connect: settings.lease / 3, command: settings.lease / 3)
        )
        let beats = JobQueue(redis: heartbeatRedis, keys: settings.keys, lease: settings.lease)
        let desk = makeDesk()
        let history = History(database: database, on: loop, worker: settings.workerName)
        let keeper = LeaseKeeper(on: heartbeat, queue: beats, lease: settings.lease, desk: desk)
        let http = HTTPClient(on: loop)
        let media = makeMedia()
        let health = TikTokHealth(api: settings.api)
        let celery = CeleryTools(settings, on: heartbeat, desk: desk, log: log)
        let results = settings.celery.results.map { address in
            RedisClient(address, on: loop, name: "tiktok-publisher-results")
        }
        return WorkerParts(
            worker: makeWorker(
                history,
                http: http,
                media: media,
                results: results,
                celery: celery,
                keeper: keeper,
                health: health,
                desk: desk
            ),
            waiters: makeWaiters(),
            webhooks: makeWebhooks(history),
            health: health,
            http: http,
            media: media,
            heartbeat: heartbeat,
            heartbeatRedis: heartbeatRedis,
            results: results,
            celery: celery
        )
    }

    private func makeWorker(
        _ history: History,
        http: HTTPClient,
        media: MediaParts,
        results: RedisClient?,
        celery: CeleryTools,
        keeper: LeaseKeeper,
        health: TikTokHealth,
        desk: Desk
    ) -> Worker {
        let drain = Drain()
        let api = TikTokAPI(
            base: settings.api,
            uploadHosts: settings.uploadHosts,
            send: health.watching { request throws(HTTPError) in try await http.send(request) }
        )
        let tasks = makeTaskReporter(results, celery, history)
        let parts = Worker.Parts(
            queue: queue,
            keeper: keeper,
            publisher: makePublisher(api, media, history, drain, health, desk, tasks),
            recorder: Recorder(
                history: history,
                queue: queue,
                tasks: tasks,
                retries: settings.retries,
                maxAttempts: settings.maxAttempts,
                isHooked: settings.webhooks != nil,
                health: health,
                drain: drain,
                log: log
            ),
            history: history,
            health: health,
            desk: desk,
            drain: drain,
            log: log
        )
        return Worker(
            on: loop,
            options: Worker.Options(
                queues: settings.queues,
                concurrency: settings.concurrency,
                grace: settings.grace,
                statusCallsPerMinute: settings.limits.perMinute.status,
                tagger: settings.tagger
            ),
            parts: parts
        )
    }

    private func makePublisher(
        _ api: TikTokAPI,
        _ media: MediaParts,
        _ history: History,
        _ drain: Drain,
        _ health: TikTokHealth,
        _ desk: Desk,
        _ tasks: TaskReporter
    ) -> Publisher {
        let creators = CreatorRules(api: api)
        return Publisher(
            admission: Admission(queue: queue, limits: settings.limits),
            accounts: accounts,
            media: media.media,
            uploads: makeUploads(api, history, creators, media.memory),
            pulledPosts: PulledPosts(
                api: api,
                history: history,
                creators: creators,
                media: media.pulled,
                polling: polling(history),
                verdictDeadline: settings.statusDeadline
            ),
            verdict: Verdict(api: api, history: history, polling: polling(history)),
            reconciliation: Reconciliation(api: api, history: history),
            history: history,
            drain: drain,
            health: health,
            desk: desk,
            tasks: tasks
        )
    }

    private func polling(_ history: History) -> VerdictPolling {
        VerdictPolling(history: history, isHooked: settings.webhooks != nil)
    }

    private func makeUploads(
        _ api: TikTokAPI,
        _ history: History,
        _ creators: CreatorRules,
        _ memory: UploadMemory
    ) -> Uploads {
        Uploads(
            api: api,
            history: history,
            creators: creators,
            fernet: settings.fernet,
            rules: uploadRules,
            memory: memory
        )
    }

    private var uploadRules: Uploads.Rules {
        Uploads.Rules(
            chunkBytes: Int64(settings.chunkBytes),
            hosts: settings.uploadHosts,
            verdictDeadline: settings.statusDeadline
        )
    }

    func makeDryRun(_ media: MediaParts) -> DryRun {
        DryRun(
            api: api,
            admission: Admission(queue: queue, limits: settings.limits),
            accounts: accounts,
            reader: HistoryReader(database: database),
            media: media.media,
            pulled: media.pulled,
            rules: uploadRules,
            queues: settings.queues.map(\.name),
            tasks: settings.celery.tasks
        )
    }
}
