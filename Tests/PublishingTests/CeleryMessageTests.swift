import Foundation
import JSON
import Testing

@testable import Publishing

/// Celery's messages, from the list to the job in them.
struct CeleryMessageTests {
    // MARK: What is read

    @Test func `keyword arguments are the job, and the task's id is its id`() throws {
        let job = try Message.read(Message.two())

        #expect(job.id == Message.id && job.account == "mira" && job.source == "celery")
        #expect(job.task?.task == "publish_post_task" && job.task?.id == Message.id)
        #expect(job.task?.rootID == Message.id && job.task?.argumentsText == "(42,)")
    }

    @Test func `one positional object is the job, with an id of its own`() throws {
        let job = try Message.read(Message.two([.object(Document.video)], [:]))

        #expect(job.id == "job-1" && job.task?.id == Message.id)
    }

    @Test func `a message of protocol 1 is read`() throws {
        let job = try Message.read(
            Message.one(["group": "g", "group_index": 3, "eta": "2030-01-02T03:04:05"])
        )

        #expect(job.id == Message.id && job.task?.retries == 2)
        #expect(job.task?.groupID == "g" && job.task?.groupIndex == 3)
        #expect(job.publishAt == InternetTime.read("2030-01-02T03:04:05Z"))
    }

    @Test func `the fewest headers will do`() throws {
        var message = Message.two()
        message["headers"] = ["lang": "py", "task": "publish_post_task", "id": "short"]

        #expect(try Message.read(message).id == "short")
    }

    @Test func `a body that is bare text is read`() throws {
        var message = Message.two(properties: ["body_encoding": .null])
        let body: JSONValue = [[], .object(Document.video), .null]
        message["body"] = .string(body.encodedText)

        #expect(try Message.read(message).id == "job-1")
    }

    /// Made by `zlib.compress` of Python 3.11, under the name that kombu gives it.
    @Test func `a body that zlib has packed is read`() throws {
        var message = Message.two(headers: ["compression": "application/x-gzip"])
        message["body"] = .string(
            "eJzV0EEKwkAMBdCrhKyrILjyEF6gdJFmRgymM0OcqVTp3W3AhXgDd/+/3f99P3TwQgl4AnzuDtgB"
                + "EnNuqbpMYuQ0S4jZgfZTOboUk5l4cSttVGHHKlWj0zk+QDNd4I8Crv4Ek+pIfLtvM1JT3VZFsx/h"
                + "K0n6rtnCp67DG8fXbVw="
        )

        #expect(try Message.read(message).id == "z-1")
    }

    @Test func `a document of its own with a body is no message`() {
        #expect(CeleryMessage.isMessage(["body": "x", "headers": [:]]))
        #expect(CeleryMessage.isMessage(["body": "x", "properties": [:]]))
        #expect(!CeleryMessage.isMessage(["body": "x", "id": "a"]))
        #expect(!CeleryMessage.isMessage(Document.video))
    }

    // MARK: Times

    @Test(arguments: [
        ("2026-11-22T13:15:58.535707+00:00", "2026-11-22T13:15:58.535707Z"),
        ("2026-11-22T20:16:42.391477+07:00", "2026-11-22T13:16:42.391477Z"),
        ("2030-01-02T03:04:05", "2030-01-02T03:04:05Z"),
    ])
    func `eta is not before, expires is not after`(written: String, meant: String) throws {
        let job = try Message.read(
            Message.two(headers: ["eta": .string(written), "expires": .string(written)])
        )

        let date = try #require(InternetTime.read(meant))
        #expect(job.publishAt == date && job.expiresAt == date)
    }

    @Test func `of two times not before the later counts, of two not after the earlier`() throws {
        let job = try Message.read(
            Message.two(
                [],
                .object(
                    Document.with([
                        "publish_at": "2030-01-01T00:00:00Z", "expires_at": "2031-01-01T00:00:00Z",
                    ])
                ),
                headers: ["eta": "2029-01-01T00:00:00Z", "expires": "2032-01-01T00:00:00Z"]
            )
        )

        #expect(job.publishAt == InternetTime.read("2030-01-01T00:00:00Z"))
        #expect(job.expiresAt == InternetTime.read("2031-01-01T00:00:00Z"))
    }

    @Test func `Python's own values are read where a document has their like`() throws {
        let job = try Message.read(
            Message.two(
                [],
                .object(
                    Document.with([
                        "id": [
                            "__type__": "uuid",
                            "__value__": ["hex": "11111111222233334444555555555501"],
                        ],
                        "publish_at": ["__type__": "datetime", "__value__": "2030-01-02T03:04:05"],
                    ])
                )
            )
        )

        #expect(job.id == Message.id)
        #expect(job.publishAt == InternetTime.read("2030-01-02T03:04:05Z"))
    }

    // MARK: What is refused, and how its caller learns of it

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: [String: JSONValue]
        let exception: String
        var field = ""
        /// Whether it becomes a row: it is one of ours, and its id is known.
        var hasRow = true

        init(
            _ name: String,
            _ exception: String,
            _ message: [String: JSONValue],
            field: String,
            hasRow: Bool = true
        ) {
            testDescription = name
            self.exception = exception
            self.message = message
            self.field = field
            self.hasRow = hasRow
        }
    }

    @Test(arguments: refusals)
    func `what is not understood is refused, never guessed`(_ refusal: Refusal) throws {
        let broken = try #require(Message.refusal(refusal.message))

        #expect(broken.exception?.type == refusal.exception)
        #expect(broken.task?.id == Message.id)
        #expect(broken.rules.map(\.field) == [refusal.field])
        #expect((broken.id == Message.id) == refusal.hasRow)
    }

    private static let refusals = [
        Refusal(
            "another task",
            "NotRegistered",
            Message.two(headers: ["task": "send_mail"]),
            field: "task",
            hasRow: false
        ),
        Refusal(
            "another task, unreadable",
            "NotRegistered",
            pickled(["task": "send_mail"]),
            field: "task",
            hasRow: false
        ),
        Refusal("pickle", "ContentDisallowed", pickled(), field: "content-type"),
        Refusal(
            "bzip2",
            "ContentDisallowed",
            Message.two(headers: ["compression": "application/x-bz2"]),
            field: "compression"
        ),
        Refusal(
            "base85",
            "ContentDisallowed",
            Message.two(properties: ["body_encoding": "base85"]),
            field: "body_encoding"
        ),
        Refusal("no base64", "DecodeError", with("body", "{{"), field: "body"),
        Refusal("no JSON", "DecodeError", with("body", "e3s="), field: "body"),
        Refusal("no text", "InvalidTaskError", with("body", 7), field: "body"),
        Refusal(
            "not zlib",
            "DecodeError",
            Message.two(headers: ["compression": "application/x-gzip"]),
            field: "body"
        ),
        Refusal("two parts", "InvalidTaskError", Message.packed([[], [:]]), field: "body"),
        Refusal("a bare text", "InvalidTaskError", Message.packed("x"), field: "body"),
        Refusal("arguments no list", "InvalidTaskError", Message.two(7), field: "args"),
        Refusal("keywords no object", "InvalidTaskError", Message.two([], []), field: "kwargs"),
        Refusal("embed no object", "InvalidTaskError", Message.two(embed: []), field: "embed"),
        Refusal(
            "two arguments",
            "InvalidTaskError",
            Message.two([[:], [:]], [:]),
            field: "args"
        ),
        Refusal(
            "an object and keywords",
            "InvalidTaskError",
            Message.two([.object(Document.video)]),
            field: "args"
        ),
        Refusal("eta", "InvalidTaskError", Message.two(headers: ["eta": "soon"]), field: "eta"),
        Refusal(
            "expires",
            "InvalidTaskError",
            Message.two(headers: ["expires": 30]),
            field: "expires"
        ),
        Refusal(
            "callbacks that are none",
            "InvalidTaskError",
            Message.two(embed: ["callbacks": [7]]),
            field: "callbacks"
        ),
        Refusal("nobody's", "DecodeError", nameless("e3s="), field: "body", hasRow: false),
    ]

    private static func pickled(_ headers: [String: JSONValue] = [:]) -> [String: JSONValue] {
        var message = Message.two(headers: headers)
        message["content-type"] = "application/x-python-serialize"
        message["content-encoding"] = "binary"
        return message
    }

    private static func with(_ field: String, _ value: JSONValue) -> [String: JSONValue] {
        var message = Message.two()
        message[field] = value
        return message
    }

    /// Of a message of protocol 1 nothing is known but who waits for it.
    private static func nameless(_ body: JSONValue) -> [String: JSONValue] {
        var message = with("body", body)
        message["headers"] = [:]
        return message
    }

    @Test func `a bomb is not unpacked`() throws {
        var message = Message.two(headers: ["compression": "application/x-gzip"])
        let zeros =
            "eNrtwQENAAAAwqD3T20ON6" + String(repeating: "A", count: 396) + "DgzwCwPAAB"
        message["body"] = .string(zeros)

        let broken = try #require(Message.refusal(message))

        #expect(broken.description.contains("at most 262144 bytes"))
    }

    @Test func `a broken document keeps its message, and every rule that it breaks`() throws {
        let broken = try #require(Message.refusal(Message.two([], ["acount": "mira"])))

        #expect(broken.task?.id == Message.id && broken.exception == nil)
        #expect(broken.rules.map(\.field) == ["account", "video", "privacy", "acount"])
    }

    @Test func `an id that is none of ours is refused as a rule`() throws {
        let broken = try #require(Message.refusal(Message.two(headers: ["id": "a b"])))

        #expect(broken.rules.map(\.field) == ["id"] && broken.id == nil)
        #expect(broken.task?.id == "a b")
    }

    @Test func `whoever may run any task reads every name`() throws {
        let message = Document.bytes(Message.two(headers: ["task": "send_mail"]))

        #expect(try PublishJob(document: message).id == Message.id)
    }
}
