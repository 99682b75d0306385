import Foundation
import JSON
import Support
import Testing

@testable import Publishing

/// Celery's messages, changed at random: a job that keeps every rule, or a refusal that its caller
/// can be told; what follows a task stays within its bounds.
@Suite(.timeLimit(.minutes(600)))
struct CeleryFuzzTests {
    private static let workflow: JSONValue = [
        "callbacks": [
            Message.signature("note", ["task_id": "n", "link": [Message.signature("x")]])
        ],
        "errbacks": [Message.signature("sorry")],
        "chain": [Message.signature("last"), Message.composite("group", ["tasks": parts])],
        "chord": Message.signature("sum", ["chord_size": 3]),
    ]
    private static let parts: JSONValue = [
        Message.signature("a"),
        Message.composite("chain", ["tasks": [Message.signature("b"), Message.signature("c")]]),
        Message.composite(
            "chord",
            ["header": [Message.signature("d")], "body": Message.signature("e")]
        ),
    ]

    /// Bodies of protocol 2, and one of protocol 1.
    private static let bodies: [JSONValue] = [
        [[], .object(Document.without("id")), workflow],
        [[.object(Document.video)], [:], Message.usualEmbed],
        [[], ["publish_at": ["__type__": "datetime", "__value__": "2026-11-22T18:30:00"]], .null],
        [
            "task": "publish_post_task", "id": "x", "args": [], "kwargs": .object(Document.video),
            "eta": "2026-11-22T18:30:00.5", "retries": 1, "taskset": "g",
        ],
    ]

    private static let words = [
        "\"task\":", "\"subtask_type\":\"group\"", "\"subtask_type\":\"chord\"", "\"kwargs\":",
        "\"tasks\":[", "\"options\":{", "null", "[", "]", "{", "}", "-1", "1e30", "\"__type__\":",
        "\\u0000", "\\u202e", "\"id\":7", "9223372036854775807", "\"header\":", "\"body\":",
    ]

    @Test func `a body at random is a job, or a refusal that can be told`() async throws {
        let fuzzer = Fuzzer(
            "celery bodies",
            corpus: Self.bodies.map(\.encoded),
            words: Self.words
        )

        try await fuzzer.run(rounds: 4000) { input in
            var message = Message.two()
            message["body"] = .string(Data(input).base64EncodedString())
            try Self.judge(JSONValue.object(message).encoded)
            message["headers"] = [:]
            try Self.judge(JSONValue.object(message).encoded)
        }
    }

    @Test func `an envelope at random is a job, or a refusal that can be told`() async throws {
        var plain = Message.two(headers: ["expires": "2026-11-22T18:30:00+02:00", "retries": 3])
        plain["body"] = .string(Self.bodies[0].encodedText)
        plain["properties"] = ["correlation_id": "c", "priority": 9]
        let corpus = [plain, Message.two(), Message.one()].map { JSONValue.object($0).encoded }
        let words =
            Self.words + [
                "\"compression\":\"zlib\"", "\"content-type\":\"application/x-python-serialize\"",
                "\"body_encoding\":\"base64\"", "\"headers\":", "\"properties\":", "\"body\":7",
            ]

        try await Fuzzer("celery envelopes", corpus: corpus, words: words).run(rounds: 4000) {
            try Self.judge($0)
        }
    }

    private static func judge(_ document: [UInt8]) throws {
        let read = Result { () throws(BrokenDocument) in
            try PublishJob(document: document, tasks: ["publish_post_task"])
        }
        switch read {
        case .success(let job):
            try BrokenPromise.unless(PublishJob.isKey(job.id), "the id")
            try BrokenPromise.unless(PublishJob.isKey(job.account), "the account")
            if let task = job.task { try check(task) }
        case .failure(let broken):
            try BrokenPromise.unless((1...80).contains(broken.rules.count), "the number of rules")
            try BrokenPromise.unless(broken.id.map(PublishJob.isKey) ?? true, "a refusal's id")
            for rule in broken.rules {
                let isPlain = rule.description.unicodeScalars.allSatisfy {
                    ![.control, .format].contains($0.properties.generalCategory)
                }
                try BrokenPromise.unless(isPlain, "words that act: \(rule)")
                try BrokenPromise.unless(rule.description.utf8.count < 400, "long words")
            }
            if let task = broken.task { try check(task) }
        }
    }

    private static func check(_ task: CeleryMessage) throws {
        try BrokenPromise.unless((1...512).contains(task.id.utf8.count), "the task's id")
        try BrokenPromise.unless(task.retries >= 0, "the retries")
        try BrokenPromise.unless((0...9).contains(task.delivery.priority), "the priority")
        var follow = FollowUps(seed: task.id, origin: "me@here")
        // What cannot be sent is refused, and its caller told: that is all right.
        try? follow.succeed(task, with: ["job_id": "a"])
        try? follow.fail(task.id, root: task.rootID, task.workflow.errorCallbacks)
        // The one that is too many is made before it is counted.
        try BrokenPromise.unless(follow.messages.count <= FollowUps.messagesMax + 2, "messages")
        let bytes = follow.messages.reduce(0) { $0 + $1.element(for: "there").count }
        try BrokenPromise.unless(bytes <= 2 * FollowUps.bytesMax, "\(bytes) bytes of messages")
    }

    @Test func `a packed body at random is opened within its limit, or refused`() async throws {
        let packed = [
            "eJwDAAAAAAE=", "eAEBFADr/2hlbGxvLCBoZWxsbywgc3RvcmVkS/gHUg==",
            "eJzLSM3JyddRyECh0jIrUlMAfCcJMQ==", InflateTests.packedBread,
        ]
        let corpus = packed.compactMap { Data(base64Encoded: $0).map(Array.init) }

        try await Fuzzer("packed bodies", corpus: corpus).run(rounds: 20_000) { input in
            // A refusal is all right: then nothing has come out.
            guard let opened = try? Inflate.unpack(input, atMost: 3000) else { return }
            try BrokenPromise.unless(opened.count <= 3000, "more came out than may")
        }
    }

    @Test func `a keyword that is there twice is refused`() throws {
        var message = Message.two()
        let body = #"[[],{"account":"mira","account":"lea","video":"a.mp4"},null]"#
        message["body"] = .string(Data(body.utf8).base64EncodedString())

        let refusal = Message.refusal(message)

        #expect(refusal?.rules.first?.field == "body")
        #expect(refusal?.rules.first?.rule == "may have each name only once")
    }
}
