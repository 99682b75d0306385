import Foundation
import JSON
import Support
import Testing

struct JSONValueTests {
    private func read(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    @Test func `post ids above two to the fifty-third keep every digit`() throws {
        let value = try read(#"{"ids":[7600000000000000123,1.5,true,null]}"#)

        #expect(value["ids"] == [7_600_000_000_000_000_123, .double(1.5), true, nil])
        #expect(value.encodedText == #"{"ids":[7600000000000000123,1.5,true,null]}"#)
    }

    // MARK: What is JSON

    static let good: [(String, JSONValue)] = [
        (" \t\r\n[ ] ", []), ("{ }", [:]), ("\u{FEFF}1", 1), ("-0", 0), ("-12", -12),
        ("0.5", .double(0.5)), ("1e2", 100), ("3.0", 3), ("1E-2", .double(0.01)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00fc\uD83D\uDE80""#, "ü🚀"),
        (#""\u0000""#, "\0"), (#""\uFFFF""#, "\u{FFFF}"), ("\"\u{7F}\"", "\u{7F}"),
        ("\"é🚀\"", "é🚀"),
        (
            #"{"a":{"b":[1,{"c":null}]}}"#,
            ["a": ["b": [1, .object(["c": .null])]] as JSONValue] as JSONValue
        ),
    ]

    @Test(arguments: good)
    func `JSON is read as RFC 8259 means it`(text: String, value: JSONValue) throws {
        #expect(try read(text) == value)
    }

    @Test(arguments: [
        "", "{", "{\"a\":}", "nul", "\u{1}", "{\"a\":1}x", "[1,]", "{\"a\":1,}", "[,1]", "[1 2]",
        "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:1}", "[1", "\"a", "\"\\", "\"\\u12\"", "\"\\x41\"",
        "\"\\u12g4\"", #""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800x""#, "\"\n\"",
        "01", "+1", "-", "1.", ".5", "1e", "1e+", "0x1", "--1", "1_0", "NaN", "Infinity", "-Inf",
        "1e999", "-1e999", "true false", "TRUE", "//x\n1", "/*x*/1", "[1]\u{0}", "\u{FEFF}",
        "٣", "1٣",
    ])
    func `what only looks like JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test func `other encodings than UTF-8 are refused`() {
        let units = Array(#"{"id":1}"#.utf16)
        let little = units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] as [UInt8] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] as [UInt8] }
        let wide = units.flatMap { [UInt8($0 & 255), 0, 0, 0] as [UInt8] }
        let documents: [[UInt8]] = [
            little, big, wide, [0xFF, 0xFE] + little, [0xFE, 0xFF] + big, [0x22, 0xFF, 0x22],
            [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ]
        for document in documents {
            #expect(throws: JSONError.self) { try JSONValue(parsing: document) }
        }
    }

    @Test func `no error repeats what was read`() {
        for text in [#"{"canary":canary}"#, #"["canary","can\xary"]"#, #""canary"#] {
            let error = #expect(throws: JSONError.self) { try read(text) }
            #expect(error?.description.contains("can") == false)
            #expect(error?.description.contains("at byte") == true)
        }
    }

    // MARK: Bounds

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }

        #expect(throws: Never.self) { try read(nested(128)) }
        #expect(throws: JSONError.self) { try read(nested(129)) }
        #expect(throws: JSONError.self) { try read(String(repeating: "[", count: 5_000_000)) }
        #expect(throws: JSONError.self) { try read(String(repeating: #"{"a":"#, count: 5000)) }
    }

    @Test func `a number as long as a document is refused`() {
        #expect(throws: JSONError.self) { try read(String(repeating: "9", count: 250_000)) }
        #expect(throws: JSONError.self) { try read("0." + String(repeating: "1", count: 250_000)) }
    }

    // MARK: Names that stand twice

    @Test func `a name that stands twice in one object is told, however it is spelt`() throws {
        let text = #"{"a":1,"b":{"c":1,"\u0063":2},"d":[{"a":1},{"a":2}],"\u0061":2,"a":3}"#
        let document = try JSONDocument(Array(text.utf8))

        #expect(document.repeatedNames.map(\.name) == ["c", "a"])
        #expect(document.repeatedNames.map(\.isOutermost) == [false, true])
        #expect(document.value["a"] == 3)
        let many = (0..<100).map { "\"\($0)\":1,\"\($0)\":2" }.joined(separator: ",")
        #expect(try JSONDocument(Array("{\(many)}".utf8)).repeatedNames.count == 20)
    }

    // MARK: At random

    @Test func `documents at random are read as everybody reads them, or refused`() async throws {
        let corpus = [
            #"{"ids":[7600000000000000123,1.5,-0,true,null,1e-7],"s":"\u00fc\"\\\/\b🚀"}"#,
            #"[{},[],[[[["a"]]]],{"a":{"a":{"a":[1,2,3]}}},"",0,12,-3.25E+2]"#,
        ]
        let words = ["\\u0041", "\\ud83d", "\\ude80", "1e9", "null", "\"", "[[", "}", ",", ":"]
        let fuzzer = Fuzzer("JSON", corpus: corpus.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 6000) { input in
            // A refusal is all right: then there is nothing to compare.
            guard let value = try? JSONValue(parsing: input) else { return }
            let again = try JSONValue(parsing: value.encoded)
            try BrokenPromise.unless(again == value, "it wrote another value than it read")
            let theirs = try? JSONSerialization.jsonObject(
                with: Data(input),
                options: .fragmentsAllowed
            )
            try BrokenPromise.unless(theirs != nil, "Foundation refuses it")
        }
    }
}
