internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import Processes
internal import Redis
internal import Synchronization
package import Telemetry

/// Tells the callers of Celery tasks what becomes of them, and lets what follows them go on.
///
/// An end is told after the row says so and before the queue is settled. Each of its steps can be
/// repeated: whoever takes over from a worker that died tells the rest, and nothing twice.
package struct TaskReporter: Sendable {
    /// Names of the tasks that publish.
    let names: Set<String>
    let results: ResultStore
    let sender: TaskSender
    /// How many tasks of a name may begin in a time.
    let rates: TaskRates
    private let queue: JobQueue
    let reader: HistoryReader
    /// As Celery's tools show this worker: `name@host`.
    let node: String
    /// Whether results say when a task begins; events do in any case.
    private let tracksStarted: Bool
    private let observers: [any TaskObserver]
    private let resultsAway = SharedOutage("celery_results")
    private let bindingsRefused = SharedOutage("celery_bindings")
    let log: Log

    /// How long a job that has ended waits for the result server to take its result.
    private static let patience = Duration.seconds(86_400)
    /// A note in between is no reason to wait.
    private static let noteTimeout = Duration.seconds(2)

    /// - Parameters:
    ///   - routes: where what follows a task goes when it does not say so itself.
    ///   - tracksStarted: whether results say when a task begins; Celery's do not unless they are
    ///     told to.
    ///   - rates: as remote control sets them.
    ///   - observers: told of everything after the caller.
    package init(
        names: Set<String>,
        routes: TaskRoutes,
        tracksStarted: Bool,
        rates: TaskRates,
        results: ResultStore,
        queue: JobQueue,
        history: History,
        node: String,
        observers: [any TaskObserver],
        log: Log
    ) {
        self.names = names
        self.results = results
        sender = TaskSender(queue: queue, routes: routes, log: log)
        self.queue = queue
        reader = HistoryReader(database: history.database)
        self.node = node
        self.tracksStarted = tracksStarted
        self.rates = rates
        self.observers = observers
        self.log = log
    }

    // MARK: On the way

    /// Says where callers must look: whoever uses another result backend waits for ever.
    func logStart() {
        guard !names.isEmpty else { return }
        log.info(
            "celery.ready",
            [
                "count": .integer(names.count),
                "remedy": "clients need result_backend = redis://…; rpc:// and databases get none",
            ]
        )
    }

    /// Lets clients reach the queues of this worker by exchange, too.
    func bind(_ queues: [String]) async throws(RedisError) {
        guard !names.isEmpty else { return }
        do {
            try await sender.bind(queues)
            _ = bindingsRefused.note(nil)
        } catch {
            guard error.failure != nil, !error.isUnavailable else { throw error }
            // Clients that send to a queue by its name do without.
            guard case .began(let reason)? = bindingsRefused.note(error.description) else { return }
            log.warning(
                "celery.unbound_queues",
                [
                    "reason": .string(reason),
                    "remedy": .string(
                        "delete or rename what stands at _kombu.binding.… and is no set, or "
                            + CeleryKeys.permissionsRemedy
                    ),
                ]
            )
        }
    }

    /// A worker has read a message, also one that it refuses.
    func received(_ task: CeleryMessage?, _ claim: Claim) {
        guard let task, task.isNamed, claim.isFirst else { return }
        observe(.received, task, claim)
    }

    /// The task's job is its own, and not one that another task has brought before.
    func owns(_ task: CeleryMessage, _ job: PublishJob, _ claim: Claim) async {
        guard claim.isFirst || claim.deliveries > 1 else { return }
        // Makes a revoke quicker, and tells the same message come again from another task's;
        // without it the stored state is found in time.
        _ = try? await queue.redis.send(["SET", .text(queue.keys.task(task.id)), .text(job.id)])
    }

    /// Whether the caller has revoked the task: a worker has heard it and noted that, or Celery 5.7
    /// keeps it as the task's state.
    func wasRevoked(_ task: CeleryMessage, _ claim: Claim) async throws(Stop) -> Bool {
        do throws(RedisError) {
            if try await queue.isRevoked(task) { return true }
        } catch {
            throw .queueAway
        }
        do throws(RedisError) {
            let state = try await results.state(of: task.id)
            note(nil)
            return state == "REVOKED"
        } catch {
            note(error)
            let begins = max(claim.receivedAt, task.eta ?? .distantPast)
            guard begins > .now - Self.patience.seconds else { return false }
            throw .resultsAway
        }
    }

    /// Whether the caller has revoked a task that waits for the end of another's job.
    func wasRevoked(
        _ task: CeleryMessage,
        waitingFor job: String
    ) async throws(RedisError) -> Bool {
        // The same message come again: it ends as it does where it came first.
        let own = try await queue.redis.send(["GET", .text(queue.keys.task(task.id))]).text
        guard own != job else { return false }
        if try await queue.isRevoked(task) { return true }
        do {
            return try await results.state(of: task.id) == "REVOKED"
        } catch {
            // It is asked again the next time that this task looks.
            note(error)
            return false
        }
    }

    /// Tells of a moment that is no end; a result server that is away misses it.
    func note(_ moment: TaskMoment, of task: CeleryMessage?, _ claim: Claim) async {
        guard let task else { return }
        observe(moment, task, claim)
        if case .started = moment, !tracksStarted { return }
        guard !task.ignoresResult, !resultsAway.isOn,
            let document = moment.document(
                of: task,
                worker: node,
                process: Int64(ProcessIdentity.pid)
            )
        else { return }
        do throws(RedisError) {
            try await results.store(
                document,
                of: task.id,
                isEnd: false,
                timeout: Self.noteTimeout
            )
        } catch {
            note(error)
        }
    }

    func observe(_ moment: TaskMoment, _ task: CeleryMessage, _ claim: Claim) {
        for observer in observers { observer.saw(moment, of: task, claim) }
    }

    // MARK: The end

    /// Why an end could not be told; nothing is lost by telling it again.
    enum Trouble: Error {
        /// The queue's Redis is away.
        case queueAway
        /// The result server does not take it.
        case results(RedisError)
        /// The job is another worker's now, who tells it.
        case lost
    }

    /// Tells how a task ended.
    func tell(
        _ end: TaskEnd,
        of task: CeleryMessage,
        _ claim: Claim
    ) async throws(Trouble) {
        let follow = followUps(end, task)
        try await keeping { () throws(RedisError) in try await results.begin(follow.chords) }
        let isFirst = try await send(follow.messages, after: task.id, end.state, claim)
        // What comes next may have to be repeated.
        if isFirst { observe(.ended(end), task, claim) }
        if !task.ignoresResult {
            let document = ResultDocument.make(
                of: task,
                state: end.state,
                result: end.result,
                children: follow.children,
                doneAt: .now
            )
            try await keeping { () throws(RedisError) in
                try await results.store(document, of: task.id, isEnd: true)
            }
        }
        try await endWorkflow(of: task, end, claim)
    }

    /// - Returns: whether they had not been sent before.
    func send(
        _ messages: [TaskMessage],
        after task: String,
        _ end: String,
        _ claim: Claim
    ) async throws(Trouble) -> Bool {
        let answer: TaskSender.Answer
        do throws(RedisError) {
            answer = try await sender.send(messages, after: task, end, claim)
        } catch {
            throw .queueAway
        }
        switch answer {
        case .sent: return true
        case .sentBefore: return false
        case .lost: throw .lost
        }
    }

    /// Asks the result server, and notices when it goes away.
    func keeping<Value: Sendable>(
        _ ask: () async throws(RedisError) -> Value
    ) async throws(Trouble) -> Value {
        do {
            let value = try await ask()
            note(nil)
            return value
        } catch {
            note(error)
            throw results.isBroker && error.isUnavailable ? .queueAway : .results(error)
        }
    }

    /// Whether a job that ended then waits for the result server no longer.
    func givesUp(onEndOf ended: Date) -> Bool { ended < .now - Self.patience.seconds }

    // MARK: The result server

    private func note(_ error: RedisError?) {
        switch resultsAway.note(error?.description) {
        case .began(let reason):
            log.error(
                "celery.results_away",
                [
                    "reason": .string(reason),
                    "remedy": """
                    make the server of CELERY_RESULT_URL take results; tasks that end are \
                    told again until it does, at most a day
                    """,
                ]
            )
        case .ended(let after): log.info("celery.results_back", ["after": .duration(after)])
        case nil: break
        }
    }
}

/// One outage, told once by whoever of many meets it first.
private final class SharedOutage: Sendable {
    private let outage: Mutex<Outage>

    init(_ name: String) {
        outage = Mutex(Outage(name))
    }

    var isOn: Bool { outage.withLock { $0.isOn } }

    func note(_ reason: String?) -> Outage.Change? { outage.withLock { $0.note(reason) } }
}
