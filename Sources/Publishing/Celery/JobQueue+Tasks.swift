internal import FoundationEssentials
internal import JSON
internal import Redis

/// Celery's tasks among the jobs of the queue.
extension JobQueue {
    // MARK: Revoking

    /// How long a task stays revoked that nobody has met.
    private static let revokedLife: Int64 = 7 * 86_400_000
    /// Most tasks, and most stamps, that are kept, the newest; as many as Celery's workers keep.
    static let revokedMax = 50_000
    /// Most ids that are told.
    private static let revokedShownMax: Int64 = 10_000

    /// Keeps workers from beginning tasks, also such as no worker has read yet, and also after a
    /// restart.
    func flagRevoked(_ ids: [String]) async throws(RedisError) {
        try await flag(
            ids.filter { (1...CeleryMessage.idBytesMax).contains($0.utf8.count) },
            in: keys.revokedTasks
        )
    }

    /// The same for every task that bears one of these stamps.
    func flagRevoked(_ stamps: [CeleryStamp]) async throws(RedisError) {
        try await flag(stamps.map(\.text), in: keys.revokedStamps)
    }

    private func flag(_ members: [String], in key: String) async throws(RedisError) {
        guard !members.isEmpty else { return }
        let now = Int64(Date.now.timeIntervalSince1970 * 1000)
        let pairs = members.prefix(Self.revokedMax).flatMap {
            [RedisArgument.integer(now), .text($0)]
        }
        // Nothing is flagged when it is refused, and whoever asked must know.
        try await redis.sendAll([
            ["ZADD", .text(key)] + pairs,
            ["ZREMRANGEBYSCORE", .text(key), "-inf", .integer(now - Self.revokedLife)],
            ["ZREMRANGEBYRANK", .text(key), 0, .integer(Int64(-Self.revokedMax - 1))],
        ])
    }

    /// The newest first.
    func revokedTasks() async throws(RedisError) -> [String] {
        let answer = try await redis.send(
            ["ZRANGE", .text(keys.revokedTasks), 0, .integer(Self.revokedShownMax - 1), "REV"]
        )
        return (answer.array ?? []).compactMap(\.text)
    }

    func isRevoked(_ task: CeleryMessage) async throws(RedisError) -> Bool {
        let stamps = CeleryStamp.all(in: task.stamps).map { (keys.revokedStamps, $0.text) }
        let questions = [(keys.revokedTasks, task.id)] + stamps
        let answers = try await redis.sendAll(
            questions.map { ["ZSCORE", .text($0), .text($1)] }
        )
        return answers.contains { $0.bytes != nil }
    }

    /// Lets tasks that wait for the job of another look whether they are revoked.
    ///
    /// - Returns: those that do.
    func wakeAskers(_ tasks: [String]) async throws(RedisError) -> [String] {
        guard !tasks.isEmpty else { return [] }
        let answer = try await run(scripts.wakeAskers, tasks.map { .text($0) })
        return (answer.array ?? []).compactMap(\.text)
    }

    // MARK: Documents that are not read

    /// Longest document whose envelope is looked for.
    static let envelopeBytesMax: Int64 = 4 << 20

    /// The envelope of a message that is too long to be read, its body left out; empty: there is
    /// none.
    func envelope(of claim: Claim) async throws(RedisError) -> [UInt8] {
        let answer = try await run(
            scripts.envelope,
            [
                .text(claim.ticket), .integer(Self.envelopeBytesMax),
                .integer(Int64(PublishJob.documentBytesMax)),
            ]
        )
        return answer.bytes ?? []
    }

    /// Whether a worker has read the document of a claim before: an id is noted only then.
    func hasBeenRead(_ claim: Claim) async throws(RedisError) -> Bool {
        try await redis.send(["HEXISTS", .text(keys.job(claim.ticket)), "id"]).integer == 1
    }

    // MARK: Finding tasks

    /// The jobs of tasks that a worker has read, by the task's id.
    func jobs(of tasks: [String]) async throws(RedisError) -> [String: String] {
        let noted = try await redis.sendAll(tasks.map { ["GET", .text(keys.task($0))] })
        let pairs = zip(tasks, noted).map { task, job in (task, job.text ?? task) }
        let owners = try await redis.sendAll(pairs.map { ["EXISTS", .text(keys.owner(of: $1))] })
        let known = zip(pairs, owners).filter { $1 == .integer(1) }.map(\.0)
        return Dictionary(known) { first, _ in first }
    }

    /// A task that waits for something.
    struct WaitingTask: Sendable {
        let message: CeleryMessage
        let isOnTimer: Bool
    }

    /// - Returns: `nil` when there is no such task, or a worker has it.
    func waitingTask(_ id: String) async throws(RedisError) -> WaitingTask? {
        guard let job = try await jobs(of: [id])[id], let place = try await find(job) else {
            return nil
        }
        let isOnTimer: Bool
        switch place.place {
        case .timer: isOnTimer = true
        case .ready, .line: isOnTimer = false
        case .inHand, .dead, .ended: return nil
        }
        let messages = try await messages(of: [place.ticket])
        return messages.first.map { WaitingTask(message: $0.message, isOnTimer: isOnTimer) }
    }

    /// Tasks on timers, those of each queue that are due first.
    func timedTasks(
        of queues: [String],
        atMost most: Int
    ) async throws(RedisError) -> [(message: CeleryMessage, due: Date)] {
        let ranges = try await redis.sendAll(
            queues.map {
                [
                    "ZRANGE", .text(keys.timers(of: $0)), 0, .integer(Int64(most - 1)),
                    "WITHSCORES",
                ]
            }
        )
        let parts = ranges.flatMap { $0.array ?? [] }.compactMap(\.text)
        let pairs = stride(from: 0, to: parts.count - 1, by: 2).compactMap { index in
            Double(parts[index + 1]).map { (parts[index], $0) }
        }
        let due = Dictionary(pairs) { first, _ in first }
        let tickets = due.sorted { $0.value < $1.value }.prefix(most).map(\.key)
        return try await messages(of: tickets).compactMap { ticket, message in
            due[ticket].map { (message, Date(timeIntervalSince1970: $0 / 1000)) }
        }
    }

    /// Tasks that go on as soon as a worker has room.
    func readyTasks(
        of queues: [String],
        atMost most: Int
    ) async throws(RedisError) -> [CeleryMessage] {
        let ranges = try await redis.sendAll(
            queues.map { ["LRANGE", .text(keys.ready(of: $0)), .integer(Int64(-most)), -1] }
        )
        let tickets = ranges.flatMap { $0.array ?? [] }.compactMap(\.text).prefix(most)
        return try await messages(of: Array(tickets)).map(\.message)
    }

    /// Most bytes of documents that one answer reads: a thread that has other things to do reads
    /// them.
    private static let documentsBytesMax: Int64 = 1 << 20

    /// The messages that jobs came in; of jobs that came in none, nothing, nor of a job that has
    /// ended and only has a question open.
    private func messages(
        of tickets: [String]
    ) async throws(RedisError) -> [(ticket: String, message: CeleryMessage)] {
        let lengths = try await redis.sendAll(
            tickets.map { ["HSTRLEN", .text(keys.job($0)), "document"] }
        )
        var left = Self.documentsBytesMax
        let fit = zip(tickets, lengths).filter { _, length in
            left -= length.integer ?? 0
            return left > 0
        }.map(\.0)
        let documents = try await redis.sendAll(
            fit.map { ["HMGET", .text(keys.job($0)), "document", "stage"] }
        )
        return zip(fit, documents).compactMap { ticket, answer in
            guard let fields = answer.array, fields.count == 2, let document = fields[0].bytes,
                fields[1].text.flatMap(Claim.Stage.init)?.isAfterEnd != true
            else { return nil }
            return CeleryMessage(document: document).map { (ticket, $0) }
        }
    }
}

extension CeleryMessage {
    /// The message of a document that came in one.
    fileprivate init?(document: [UInt8]) {
        // A document that is no message, or broken, is no task to show.
        guard let members = (try? JSONValue(parsing: document))?.object,
            Self.isMessage(members), let message = try? Self.read(members)
        else { return nil }
        self = message
    }
}
