import Foundation
import JSON
import Testing
import TikTok

@testable import Publishing

/// The documents by which callers learn what became of their tasks.
struct ResultDocumentTests {
    private let done = Date(timeIntervalSince1970: 1_795_353_427.93)

    private func task(_ change: (inout CeleryMessage) -> Void = { _ in }) -> CeleryMessage {
        var task = CeleryMessage(task: "publish_post_task", id: "t")
        change(&task)
        return task
    }

    @Test func `a success has the fields of Celery's own`() {
        let document = ResultDocument.make(
            of: task(),
            state: "SUCCESS",
            result: ["n": 1],
            doneAt: done
        )

        let usual: JSONValue = [
            "status": "SUCCESS", "result": ["n": 1], "traceback": .null, "children": [],
            "date_done": "2026-11-22T13:17:07.930+00:00", "task_id": "t",
        ]
        #expect(document == usual)
    }

    @Test func `group and parent are there only where the message had them`() {
        let part = task { ($0.groupID, $0.parentID) = ("g", "p") }
        let document = ResultDocument.make(of: part, state: "SUCCESS", result: 1)

        #expect(document["group_id"] == "g" && document["parent_id"] == "p")
        #expect(document["date_done"] == .null)
    }

    @Test func `what is on the way has the state that update_state gives`() {
        func document(_ moment: TaskMoment) -> JSONValue? {
            moment.document(of: task(), worker: "w@h", process: 7)
        }
        let failure = CeleryException(Failure("c", .upstream, "m", action: "a"))

        #expect(document(.received) == nil && document(.released) == nil)
        #expect(document(.started)?["result"] == ["pid": 7, "hostname": "w@h"])
        #expect(document(.progressed(["n": 1], begun: true))?["status"] == "PROGRESS")
        #expect(document(.progressed(["n": 1], begun: true))?["result"] == ["n": 1])
        #expect(document(.progressed(1, begun: false))?["status"] == "RECEIVED")
        #expect(document(.retried(failure))?["status"] == "RETRY")
        #expect(document(.retried(failure))?["result"] == failure.json)
    }

    @Test func `an exception brings code, message, owner and action`() {
        let exception = CeleryException(Failure("code", .operator, "It's it.", action: "Do."))

        let json: JSONValue = [
            "exc_module": "tiktok_publisher", "exc_type": "PublishFailed",
            "exc_message": ["code", "It's it.", "operator", "Do."],
        ]
        #expect(exception.json == json)
        #expect(exception.text == #"PublishFailed('code', "It's it.", 'operator', 'Do.')"#)
    }

    @Test func `a revoked task has Celery's exception for it`() {
        #expect(TaskEnd.revoked(.expired).state == "REVOKED")
        #expect(TaskEnd.revoked(.expired).result["exc_type"] == "TaskRevokedError")
        #expect(TaskEnd.revoked(.expired).result["exc_message"] == ["expired"])
        #expect(TaskEnd.succeeded(1, runtime: .zero).exception == nil)
    }

    // MARK: Python's way of writing

    struct Spelling: Sendable {
        let value: JSONValue
        let text: String

        init(_ value: JSONValue, _ text: String) {
            self.value = value
            self.text = text
        }
    }

    @Test(arguments: [
        Spelling(.null, "None"), Spelling(true, "True"), Spelling(7, "7"), Spelling("a", "'a'"),
        Spelling("it's", #""it's""#), Spelling(#"'""#, #"'\'"'"#), Spelling("a\n\\", #"'a\n\\'"#),
        Spelling("\u{1}", #"'\x01'"#), Spelling(["a", 1], "['a', 1]"),
        Spelling(["b": 1, "a": [:]], "{'a': {}, 'b': 1}"),
    ])
    func `values read as in Python`(_ value: Spelling) {
        #expect(PythonText.of(value.value) == value.text)
    }

    @Test func `arguments read as a call, and long ones are cut`() {
        #expect(PythonText.tuple([1]) == "(1,)" && PythonText.tuple([1, 2]) == "(1, 2)")
        #expect(PythonText.tuple(["abcdef"], atMost: 4) == "('ab...")
    }

    // MARK: Names

    @Test(arguments: [
        (-1, "q"), (2, "q"), (3, "q\u{06}\u{16}3"), (8, "q\u{06}\u{16}6"), (9, "q\u{06}\u{16}9"),
    ])
    func `a priority has a list`(priority: Int64, list: String) {
        #expect(CeleryKeys.list(of: "q", priority: priority) == list)
    }
}
