import Foundation
import JSON
import Testing

@testable import Publishing

/// What is sent when a task has ended.
struct FollowUpsTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let result: JSONValue = ["job_id": "a"]

    private func task(_ change: (inout CeleryMessage) -> Void = { _ in }) -> CeleryMessage {
        var task = CeleryMessage(task: "publish_post_task", id: "t")
        task.rootID = "root"
        change(&task)
        return task
    }

    private func after(_ workflow: CeleryMessage.Workflow) throws -> FollowUps {
        var follow = FollowUps(seed: "t", origin: "me@here", now: now)
        try follow.succeed(task { $0.workflow = workflow }, with: result)
        return follow
    }

    private func sent(_ message: TaskMessage) throws -> (headers: JSONValue, body: [JSONValue]) {
        let element = try JSONValue(parsing: message.element(for: "there"))
        let body = try #require(element["body"]?.string.flatMap { Data(base64Encoded: $0) })
        #expect(element["properties"]?["delivery_info"]?["routing_key"] == "there")
        let parts = try #require(try JSONValue(parsing: body).array)
        return (try #require(element["headers"]), parts)
    }

    @Test func `a callback gets the result before its own arguments`() throws {
        let callback: JSONValue = [
            "task": "note", "args": [5], "kwargs": ["a": 1], "options": ["task_id": "next"],
            "subtask_type": .null, "immutable": false,
        ]
        let follow = try after(.init(callbacks: [callback]))

        let (headers, body) = try sent(try #require(follow.messages.first))
        #expect(body == [[result, 5], ["a": 1], Message.usualEmbed])
        #expect(headers["id"] == "next" && headers["task"] == "note")
        #expect(headers["parent_id"] == "t" && headers["root_id"] == "root")
        #expect(headers["origin"] == "me@here" && headers["ignore_result"] == false)
        #expect(follow.children == [[["next", .null], .null]])
    }

    @Test func `an immutable one gets only its own`() throws {
        let callback: JSONValue = [
            "task": "note", "args": [5], "options": .null, "immutable": true,
        ]
        let follow = try after(.init(callbacks: [callback]))

        #expect(try sent(follow.messages[0]).body.first == [5])
    }

    @Test func `the last element of a chain is its next step and takes the rest along`() throws {
        let add = Message.signature("add", ["task_id": "a"])
        let follow = try after(
            .init(chain: [add, Message.signature("echo", ["task_id": "e", "group_id": .null])])
        )

        #expect(follow.messages.map(\.id) == ["e"])
        #expect(try sent(follow.messages[0]).body[2]["chain"] == [add])
    }

    @Test func `options decide where and when it goes`() throws {
        let follow = try after(
            .init(callbacks: [
                Message.signature("a", ["queue": "q", "priority": 7, "countdown": 60]),
                Message.signature("b", ["exchange": "x", "routing_key": "k"]),
                Message.signature("c", ["eta": "2030-01-02T03:04:05", "headers": ["x-tenant": 1]]),
            ])
        )

        #expect(follow.messages[0].destination == .queue("q"))
        #expect(follow.messages[0].priority == 7)
        #expect(CeleryKeys.list(of: "q", priority: 7) == "q\u{06}\u{16}6")
        #expect(follow.messages[1].destination == .exchange("x", routingKey: "k"))
        #expect(follow.messages[2].destination == .routed)
        let first = try sent(follow.messages[0]).headers
        #expect(first["eta"]?.string.flatMap(InternetTime.read) == now + 60)
        let last = try sent(follow.messages[2]).headers
        #expect(last["eta"] == "2030-01-02T03:04:05" && last["x-tenant"] == 1)
    }

    @Test func `a group goes as its members, each with its place`() throws {
        let inner = Message.composite("group", ["tasks": [Message.signature("c")]])
        let group = Message.composite(
            "group",
            ["tasks": [Message.signature("a"), Message.signature("b"), inner]],
            ["task_id": "g"]
        )
        let follow = try after(.init(callbacks: [group]))

        #expect(follow.messages.map(\.signature.task) == ["a", "b", "c"])
        let places = try follow.messages.map { try sent($0).headers["group_index"] }
        #expect(places == [0, 1, 2])
        #expect(try sent(follow.messages[1]).headers["group"] == "g")
        #expect(follow.children.first?.array?.first == ["g", .null] && follow.chords.isEmpty)
    }

    @Test func `a chain in a callback sends its first step, and its end has its callbacks`() throws
    {
        let chain = Message.composite(
            "chain",
            ["tasks": [Message.signature("a"), Message.signature("b"), Message.signature("c")]],
            ["link": [Message.signature("done")]]
        )
        let follow = try after(.init(callbacks: [chain]))

        #expect(follow.messages.map(\.signature.task) == ["a"])
        let rest = try #require(try sent(follow.messages[0]).body[2]["chain"]?.array)
        #expect(rest.map { $0["task"] } == ["c", "b"])
        #expect(rest[0]["options"]?["link"] == [Message.signature("done")])
        #expect(rest.allSatisfy { $0["options"]?["task_id"]?.string != nil })
        let last = rest[0]["options"]?["task_id"] ?? .null
        #expect(follow.children == [[[last, .null], .null]])
    }

    @Test func `a chord says its size, and each part of its header knows its body`() throws {
        let chord = Message.composite(
            "chord",
            [
                "kwargs": [:], "body": Message.signature("sum", ["task_id": "s"]),
                "header": Message.composite(
                    "group",
                    ["tasks": [Message.signature("a"), Message.signature("b")]]
                ),
            ],
            ["task_id": "g"]
        )
        let follow = try after(.init(callbacks: [chord]))

        #expect(follow.chords == [.init(group: "g", size: 2)])
        #expect(follow.messages.map(\.signature.task) == ["a", "b"])
        let first = try sent(follow.messages[0])
        #expect(first.body[2]["chord"]?["options"]?["task_id"] == "s")
        #expect(first.headers["group"] == "g" && first.body[0] == [result])
        #expect(follow.children == [[["s", .null], .null]])
    }

    @Test func `a group that another step follows becomes a chord`() throws {
        let members: JSONValue = [Message.signature("a"), Message.signature("b")]
        let group = Message.composite("group", ["tasks": members])
        let chain = Message.composite("chain", ["tasks": [group, Message.signature("sum")]])
        let follow = try after(.init(callbacks: [chain]))

        #expect(follow.chords.map(\.size) == [2])
        let embed = try sent(follow.messages[0]).body[2]
        #expect(embed["chord"]?["task"] == "sum" && embed["chain"] == .null)
    }

    @Test func `an error callback gets the id of what failed`() throws {
        var follow = FollowUps(seed: "t", origin: "me@here", now: now)
        try follow.fail("t", root: nil, [Message.signature("failed")])

        let (headers, body) = try sent(follow.messages[0])
        #expect(body[0] == ["t"] && headers["parent_id"] == "t" && headers["root_id"] == "t")
    }

    @Test func `told again, it has the same ids`() throws {
        let workflow = CeleryMessage.Workflow(
            callbacks: [Message.signature("a"), Message.signature("b")]
        )
        let ids = try after(workflow).messages.map(\.id)

        #expect(try after(workflow).messages.map(\.id) == ids && Set(ids).count == 2)
        #expect(ids.allSatisfy { UUID(uuidString: $0) != nil })
    }

    // MARK: What is refused before anything is posted

    @Test(arguments: [
        Message.composite("xmap", ["it": []]), Message.composite("group", ["tasks": 7]),
        Message.composite("chain", ["tasks": []]), Message.composite("chord", ["header": []]),
        ["args": []], Message.composite("group", ["tasks": [["args": []]]]),
    ])
    func `a signature that cannot be sent is refused`(_ signature: JSONValue) {
        #expect(throws: FollowUpError.self) {
            try TaskReporter.check(task { $0.workflow.callbacks = [signature] })
        }
        #expect(throws: FollowUpError.self) {
            try TaskReporter.check(task { $0.workflow.chord = signature })
        }
    }

    @Test func `a small workflow that would become a large one is refused`() {
        let large = Message.signature(String(repeating: "x", count: 100_000))
        let members = [JSONValue](repeating: Message.signature("a"), count: 900)
        let group = Message.composite("group", ["tasks": .array(members)], ["chord": large])

        #expect(throws: FollowUpError.tooMuch) {
            try TaskReporter.check(task { $0.workflow.callbacks = [group] })
        }
        #expect(throws: FollowUpError.tooMuch) {
            let many = [JSONValue](repeating: Message.signature("a"), count: 1001)
            try TaskReporter.check(task { $0.workflow.callbacks = many })
        }
    }

    @Test(arguments: [(100_000, 1), (10, 1000)])
    func `a callback that would be copied into many steps is refused`(bytes: Int, count: Int) {
        let steps = [JSONValue](repeating: Message.signature("a"), count: 5000)
        let callbacks = (0..<count).map { number in
            Message.signature("\(number)" + String(repeating: "x", count: bytes))
        }
        for kind in ["chain", "group"] {
            let inner = Message.composite(kind, ["tasks": .array(steps)])
            let chain = Message.composite(
                "chain",
                ["tasks": [inner]],
                ["link_error": .array(callbacks)]
            )

            #expect(throws: FollowUpError.tooMuch, "\(kind)") {
                try TaskReporter.check(task { $0.workflow.callbacks = [chain] })
            }
        }
    }
}
