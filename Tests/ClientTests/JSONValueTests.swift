import JSON
import Testing

struct JSONValueTests {
    @Test func `post ids above two to the fifty-third keep every digit`() throws {
        let value = try JSONValue(
            parsing: Array(#"{"ids":[7600000000000000123,1.5,true,null]}"#.utf8)
        )

        #expect(value["ids"] == [7_600_000_000_000_000_123, .double(1.5), true, nil])
        #expect(value.encodedText == #"{"ids":[7600000000000000123,1.5,true,null]}"#)
    }

    @Test(arguments: ["", "{", "{\"a\":}", "nul", "\u{1}", "{\"a\":1}x"])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test func `nesting is bounded`() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 5000)

        #expect(throws: JSONError.self) { try JSONValue(parsing: deep) }
    }
}
