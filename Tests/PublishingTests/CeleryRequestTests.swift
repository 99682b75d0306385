import Foundation
import JSON
import Testing

@testable import Publishing

/// What is understood of Celery's remote control, and for whom it is meant.
struct CeleryRequestTests {
    private let node = "publisher@here"

    private func message(_ body: JSONValue, headers: JSONValue = [:]) -> [UInt8] {
        let message: JSONValue = [
            "body": .string(Data(body.encoded).base64EncodedString()),
            "content-type": "application/json", "content-encoding": "utf-8", "headers": headers,
            "properties": ["body_encoding": "base64"],
        ]
        return message.encoded
    }

    /// As captured from celery 5.7.0 on 2026-11-22.
    private func ping(_ more: [String: JSONValue] = [:]) -> JSONValue {
        let usual: [String: JSONValue] = [
            "method": "ping", "arguments": [:], "destination": .null, "pattern": .null,
            "matcher": .null, "ticket": "9e8a8fd4",
            "reply_to": ["exchange": "reply.celery.pidbox", "routing_key": "9e6a81af"],
        ]
        return .object(usual.merging(more) { $1 })
    }

    @Test func `a request says what, for whom, and where the answer goes`() throws {
        let bytes = message(ping(), headers: ["clock": 7, "expires": .double(1_795_353_744.36)])

        let request = try #require(try CeleryRequest.read(bytes, for: node))

        #expect(request.method == "ping")
        #expect(request.arguments.isEmpty)
        #expect(request.clock == 7)
        #expect(request.reply?.exchange == "reply.celery.pidbox")
        #expect(request.reply?.routingKey == "9e6a81af")
        #expect(request.reply?.ticket == "9e8a8fd4")
    }

    @Test func `a request to which nobody wants an answer has no address`() throws {
        let bytes = message(ping(["reply_to": .null, "ticket": .null]))

        #expect(try CeleryRequest.read(bytes, for: node)?.reply == nil)
    }

    @Test(
        arguments: [
            (["destination": ["publisher@here"]], true),
            (["destination": ["other@here", "publisher@here"]], true),
            (["destination": ["other@here"]], false),
            (["destination": []], true),
            (["destination": [], "pattern": "celery@*", "matcher": "glob"], false),
            (["pattern": "pub*@here", "matcher": "glob"], true),
            (["pattern": "celery@*", "matcher": "glob"], false),
            // A list of names counts more than a pattern.
            (["destination": ["other@here"], "pattern": "*", "matcher": "glob"], false),
            ([:], true),
        ] as [([String: JSONValue], Bool)]
    )
    func `a request is for those whom it names`(whom: [String: JSONValue], isOurs: Bool) throws {
        let request = try CeleryRequest.read(message(ping(whom)), for: node)

        #expect((request != nil) == isOurs)
    }

    @Test(arguments: [
        Array("".utf8), Array("no JSON".utf8), Array("[]".utf8), Array("{}".utf8),
        Array(#"{"body":"%%%","properties":{"body_encoding":"base64"}}"#.utf8),
        Array(#"{"body":"e30=","properties":{"body_encoding":"rot13"}}"#.utf8),
        Array(#"{"body":"{}","content-type":"application/x-python-serialize"}"#.utf8),
        Array(#"{"body":"[]"}"#.utf8), Array(#"{"body":"{\"method\":1}"}"#.utf8),
    ])
    func `nonsense is refused`(bytes: [UInt8]) {
        #expect(throws: CeleryRequest.Malformed.self) {
            try CeleryRequest.read(bytes, for: node)
        }
    }

    @Test(
        arguments: [
            ["arguments": 1], ["destination": "publisher@here"], ["method": .null],
            ["method": .string(String(repeating: "m", count: 257))],
            ["pattern": "(a+)+$", "matcher": "pcre"],
            ["pattern": .string(String(repeating: "*", count: 257)), "matcher": "glob"],
            ["reply_to": "me"], ["reply_to": ["exchange": "e"]],
            ["reply_to": ["exchange": "e", "routing_key": ""]],
        ] as [[String: JSONValue]]
    )
    func `a field of another kind is refused`(field: [String: JSONValue]) {
        #expect(throws: CeleryRequest.Malformed.self) {
            try CeleryRequest.read(message(ping(field)), for: node)
        }
    }

    @Test(arguments: [
        ("", "", true), ("", "a", false), ("*", "", true), ("*", "abc", true), ("a", "a", true),
        ("a?c", "abc", true), ("a?c", "ac", false), ("*c", "abcbc", true), ("a*b*c", "aXbYc", true),
        ("a*b", "aXc", false), ("**", "x", true), ("*?", "", false), ("*@here", "a@there", false),
    ])
    func `a pattern with stars matches as a shell's does`(
        pattern: String,
        text: String,
        matches: Bool
    ) {
        #expect(Glob.matches(Array(pattern.utf8), Array(text.utf8)) == matches)
    }

    @Test func `a pattern of many stars takes no longer than the product of the lengths`() {
        let pattern = Array(String(repeating: "*a", count: 128).utf8)
        let text = Array(String(repeating: "a", count: 127).utf8 + Array("b".utf8))

        #expect(!Glob.matches(pattern, text))
    }

    // MARK: The node

    @Test func `a node has a name as Celery's have, and a clock that only goes on`() {
        let node = CeleryNode(worker: "worker-1", host: "here", process: 7)

        #expect(node.name == "worker-1@here")
        #expect(CeleryNode(worker: "celery@pod", host: "here", process: 7).name == "celery@pod")
        #expect(node.tick() == 1)
        node.hear(40)
        #expect(node.time == 41)
        node.hear(3)
        #expect(node.time == 42)
        for nonsense in [-1, Int64.min, .max, 1 << 60] { node.hear(nonsense) }
        #expect(node.tick() == 43)
    }
}
