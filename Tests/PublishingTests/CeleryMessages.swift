import Foundation
import JSON

@testable import Publishing

/// Messages as Celery's clients push them, made from one that was captured from Celery 5.7.
enum Message {
    static let id = "11111111-2222-3333-4444-555555555501"

    static let usualEmbed: JSONValue = [
        "callbacks": .null, "errbacks": .null, "chain": .null, "chord": .null,
    ]

    static func two(
        _ arguments: JSONValue = [],
        _ keywords: JSONValue = .object(Document.without("id")),
        embed: JSONValue = usualEmbed,
        headers: [String: JSONValue] = [:],
        properties: [String: JSONValue] = [:]
    ) -> [String: JSONValue] {
        packed([arguments, keywords, embed], headers: headers, properties: properties)
    }

    static func packed(
        _ body: JSONValue,
        headers: [String: JSONValue] = [:],
        properties: [String: JSONValue] = [:]
    ) -> [String: JSONValue] {
        let usual: [String: JSONValue] = [
            "lang": "py", "task": "publish_post_task", "id": .string(id), "shadow": .null,
            "eta": .null, "expires": .null, "group": .null, "group_index": .null, "retries": 0,
            "timelimit": [.null, .null], "root_id": .string(id), "parent_id": .null,
            "argsrepr": "(42,)", "kwargsrepr": "{}", "origin": "gen14534@vm",
            "ignore_result": false, "replaced_task_nesting": 0, "stamped_headers": .null,
            "stamps": [:],
        ]
        return [
            "body": .string(Data(body.encoded).base64EncodedString()),
            "content-encoding": "utf-8", "content-type": "application/json",
            "headers": .object(usual.merging(headers) { $1 }),
            "properties": .object(Self.properties.merging(properties) { $1 }),
        ]
    }

    private static let properties: [String: JSONValue] = [
        "correlation_id": .string(id), "reply_to": "c12ab869", "delivery_mode": 2,
        "delivery_info": ["exchange": "", "routing_key": "celery"], "priority": 0,
        "body_encoding": "base64", "delivery_tag": "43c273fc-312c-4532-ace7-977cf157b936",
    ]

    /// Protocol 1 puts everything into its body.
    static func one(_ changes: [String: JSONValue] = [:]) -> [String: JSONValue] {
        let usual: [String: JSONValue] = [
            "task": "publish_post_task", "id": .string(id), "args": [],
            "kwargs": .object(Document.without("id")), "group": .null, "group_index": .null,
            "retries": 2, "eta": .null, "expires": .null, "utc": true, "callbacks": .null,
            "errbacks": .null, "timelimit": [.null, .null], "taskset": .null, "chord": .null,
        ]
        var message = packed(.object(usual.merging(changes) { $1 }))
        message["headers"] = [:]
        return message
    }

    static func read(_ message: [String: JSONValue]) throws(BrokenDocument) -> PublishJob {
        try PublishJob(document: Document.bytes(message), tasks: ["publish_post_task"])
    }

    static func refusal(_ message: [String: JSONValue]) -> BrokenDocument? {
        do throws(BrokenDocument) {
            _ = try read(message)
            return nil
        } catch {
            return error
        }
    }

    static func signature(_ task: String, _ options: [String: JSONValue] = [:]) -> JSONValue {
        [
            "task": .string(task), "args": [], "kwargs": [:], "options": .object(options),
            "subtask_type": .null, "immutable": false,
        ]
    }

    static func composite(_ type: String, _ keywords: JSONValue, _ options: JSONValue = [:])
        -> JSONValue
    {
        [
            "task": .string("celery." + type), "args": [], "kwargs": keywords, "options": options,
            "subtask_type": .string(type), "immutable": false,
        ]
    }
}
