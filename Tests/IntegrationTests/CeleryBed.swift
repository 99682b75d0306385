import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Messages as they were captured from Celery 5.7, and what a worker leaves for their callers.
extension TestBed {
    /// Runs a test in an empty database of its own: the names of results and chords have no prefix
    /// that would keep tests apart.
    static func runTasks(
        _ settings: [String: String] = [:],
        options: (inout SandboxOptions) -> Void = { _ in },
        _ body: (TestBed) async throws -> Void
    ) async throws {
        try await run(settings, hasOwnDatabase: true, options: options) { bed in
            _ = try await bed.redis.send(["FLUSHDB"])
            try await body(bed)
        }
    }

    /// A task whose keyword arguments are a job document; its id is the job's.
    func task(
        _ id: String,
        account: String = "mira",
        video: TestVideo,
        _ more: [String: JSONValue] = [:],
        embed: [String: JSONValue] = [:],
        headers: [String: JSONValue] = [:]
    ) -> JSONValue {
        let document = job(id, account: account, video: video.name, more).object ?? [:]
        let keywords = document.filter { $0.key != "id" || more["id"] != nil }
        return Self.message(id, .object(keywords), embed: embed, headers: headers)
    }

    static func message(
        _ id: String,
        _ keywords: JSONValue,
        embed: [String: JSONValue] = [:],
        headers: [String: JSONValue] = [:]
    ) -> JSONValue {
        let nothing: [String: JSONValue] = [
            "callbacks": .null, "errbacks": .null, "chain": .null, "chord": .null,
        ]
        let body: JSONValue = [[], keywords, .object(nothing.merging(embed) { $1 })]
        let usual: [String: JSONValue] = [
            "lang": "py", "task": "publish_post_task", "id": .string(id), "shadow": .null,
            "eta": .null, "expires": .null, "group": .null, "group_index": .null, "retries": 0,
            "timelimit": [.null, .null], "root_id": .string(id), "parent_id": .null,
            "argsrepr": "()", "kwargsrepr": "{}", "origin": "gen1@vm", "ignore_result": false,
            "replaced_task_nesting": 0, "stamped_headers": .null, "stamps": [:],
        ]
        return [
            "body": .string(Data(body.encoded).base64EncodedString()),
            "content-encoding": "utf-8", "content-type": "application/json",
            "headers": .object(usual.merging(headers) { $1 }),
            "properties": [
                "correlation_id": .string(id), "reply_to": "c12ab869", "delivery_mode": 2,
                "delivery_info": ["exchange": "", "routing_key": .string(queue(of: id))],
                "priority": 0, "body_encoding": "base64", "delivery_tag": .string("tag-" + id),
            ],
        ]
    }

    private static func queue(of id: String) -> String { "queue-of-" + id }

    /// A signature that goes to a list of this bed's, where nobody takes it.
    func signature(_ task: String, _ options: [String: JSONValue] = [:]) -> JSONValue {
        let usual: [String: JSONValue] = ["queue": .string(followers)]
        return [
            "task": .string(task), "args": [5], "kwargs": [:],
            "options": .object(usual.merging(options) { $1 }), "subtask_type": .null,
            "immutable": false,
        ]
    }

    var followers: String { queue + ".upstream" }

    /// What was sent to `followers`, the oldest first: task, id and arguments.
    func followed() async throws -> [(task: String, id: String, arguments: JSONValue)] {
        let answer = try await redis.send(["LRANGE", .text(followers), 0, -1])
        return try (answer.array ?? []).reversed().map { element in
            let message = try JSONValue(parsing: try #require(element.bytes))
            let body = try #require(message["body"]?.string.flatMap { Data(base64Encoded: $0) })
            return (
                message["headers"]?["task"]?.string ?? "", message["headers"]?["id"]?.string ?? "",
                try JSONValue(parsing: body).array?.first ?? .null
            )
        }
    }

    // MARK: Results

    /// What a task's caller finds.
    func result(_ id: String, over client: RedisClient? = nil) async throws -> JSONValue? {
        let key = RedisArgument.text("celery-task-meta-" + id)
        let bytes = try await (client ?? redis).send(["GET", key]).bytes
        return try bytes.map { try JSONValue(parsing: $0) }
    }

    /// Waits until a task has that state for its caller.
    @discardableResult
    func result(
        _ id: String,
        becomes state: String,
        worker: RunningProgram,
        over client: RedisClient? = nil
    ) async throws -> JSONValue {
        var latest: JSONValue?
        try await waitUntil(
            "\(id) becomes \(state)",
            state: { "\(latest?.encodedText ?? "nothing")\n\(worker.err.suffix(4000))" }
        ) {
            latest = try await result(id, over: client)
            return latest?["status"]?.string == state
        }
        return try #require(latest)
    }

    /// Waits until so many jobs are dead letters.
    func awaitDead(_ count: Int) async throws {
        try await waitUntil("\(count) dead letters") {
            try await redis.send(["ZCARD", .text(key("dead"))]).integer == Int64(count)
        }
    }
}
