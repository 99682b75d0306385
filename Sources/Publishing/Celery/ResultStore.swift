internal import FoundationEssentials
internal import JSON
package import Redis

/// Where callers of Celery tasks find what became of them: Celery's result backend in Redis.
package struct ResultStore: Sendable {
    private let redis: RedisClient
    /// In seconds.
    private let expires: Int64
    /// Whether the queue lives on the same server: then one outage is the other.
    let isBroker: Bool

    private static let storing = script("store_result", PackageResources.store_result_lua)
    private static let counting = script("chord_part", PackageResources.chord_part_lua)
    private static let ending = script("chord_end", PackageResources.chord_end_lua)

    /// How long one worker may take to send a chord's body before another tries, in seconds.
    private static let sendingSeconds: Int64 = 60
    /// How long a chord that has ended is remembered, in seconds; as Celery 5.7 does.
    private static let endedSeconds: Int64 = 300

    /// - Parameters:
    ///   - redis: of the results; may be the queue's.
    ///   - lifetime: of a result, counted from its last change.
    package init(redis: RedisClient, keptFor lifetime: Duration, isBroker: Bool) {
        self.redis = redis
        self.isBroker = isBroker
        expires = max(1, lifetime.milliseconds / 1000)
    }

    private static func script(_ name: String, _ body: [UInt8]) -> RedisScript {
        // A full Redis still takes the ends of tasks, as the queue's own scripts do (Redis 7.0).
        let source = "#!lua flags=allow-oom\n" + String(decoding: body, as: UTF8.self)
        return RedisScript(name: name, source: source)
    }

    // MARK: Results

    /// The state that a task has for its caller; `nil`: none is known.
    func state(of task: String) async throws(RedisError) -> String? {
        let bytes = try await redis.send(["GET", .text(CeleryKeys.result(of: task))]).bytes
        // What is no result says nothing about the task.
        return bytes.flatMap { try? JSONValue(parsing: $0) }?["status"]?.string
    }

    /// Keeps a state and announces it, unless what is there must stand.
    ///
    /// - Parameter timeout: instead of the client's own.
    func store(
        _ document: JSONValue,
        of task: String,
        isEnd: Bool,
        timeout: Duration? = nil
    ) async throws(RedisError) {
        _ = try await redis.run(
            Self.storing,
            keys: [CeleryKeys.result(of: task)],
            arguments: [.bytes(document.encoded), .integer(expires), .text(isEnd ? "1" : "0")],
            timeout: timeout
        )
    }

    // MARK: Chords

    /// The keys of a chord as the scripts want them.
    private static func pages(of group: String) -> [String] {
        [".j", ".t", ".s", ".d", ".c"].map { CeleryKeys.group(group) + $0 }
    }

    /// Says how many parts each chord has, before the first of them can end.
    func begin(_ chords: [FollowUps.ChordStart]) async throws(RedisError) {
        let commands = chords.flatMap { chord -> [[RedisArgument]] in
            let base = CeleryKeys.group(chord.group)
            return [
                ["DEL", .text(base + ".c")],
                [
                    "SET", .text(base + ".s"), .integer(Int64(chord.size)), "EX",
                    .integer(expires),
                ],
            ]
        }
        try await redis.sendAll(commands)
    }

    /// Counts an ended part.
    ///
    /// - Returns: every part in the order of the chord when this was the last one, and its body
    ///   must be sent from here; else nothing.
    func count(_ part: ChordPart) async throws(RedisError) -> [JSONValue] {
        let index = part.index.map(String.init) ?? "+inf"
        let member: JSONValue = [1, .string(part.task), .string(part.state), part.result]
        let answer = try await redis.run(
            Self.counting,
            keys: Self.pages(of: part.group),
            arguments: [
                .text("\(part.task):\(index)"), .bytes(member.encoded), .text(index),
                .integer(expires), .text(part.task), .integer(Self.sendingSeconds),
            ]
        )
        // A part that is no JSON was not put there by a worker; it has no result to pass on.
        return (answer.array ?? []).map {
            $0.bytes.flatMap { try? JSONValue(parsing: $0) } ?? .null
        }
    }

    /// The shape of a chord's results where its header is more than a flat list; `nil`: it is not.
    func shape(of group: String) async throws(RedisError) -> JSONValue? {
        let bytes = try await redis.send(["GET", .text(CeleryKeys.group(group))]).bytes
        return bytes.flatMap { try? JSONValue(parsing: $0) }?["result"]
    }

    /// What tasks came to, in the order of `tasks`; null where nothing is kept.
    func results(of tasks: [String]) async throws(RedisError) -> [JSONValue] {
        guard !tasks.isEmpty else { return [] }
        let keys = tasks.map { RedisArgument.text(CeleryKeys.result(of: $0)) }
        let answer = try await redis.send(["MGET"] + keys)
        return (answer.array ?? []).map { value in
            value.bytes.flatMap { try? JSONValue(parsing: $0) }?["result"] ?? .null
        }
    }

    /// The chord's body is sent, or its failure told.
    func end(_ group: String) async throws(RedisError) {
        _ = try await redis.run(
            Self.ending,
            keys: Self.pages(of: group),
            arguments: [.integer(Self.endedSeconds)]
        )
    }
}

/// A task that ended in the header of a chord.
struct ChordPart: Sendable {
    let task: String
    let group: String
    let index: Int64?
    /// The signature of what the chord calls in the end.
    let body: JSONValue
    let state: String
    let result: JSONValue

    /// - Returns: `nil` for a task that is in no chord.
    init?(_ task: CeleryMessage, _ end: TaskEnd) {
        guard let group = task.groupID, let body = task.workflow.chord else { return nil }
        self.task = task.id
        self.group = group
        index = task.groupIndex
        self.body = body
        state = end.state
        result = end.result
    }
}
