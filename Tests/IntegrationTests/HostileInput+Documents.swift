import JSON

/// Job documents that are none, or break a rule.
extension HostileInput {
    private static func text(_ name: String, _ text: String, _ says: String? = nil) -> HostileInput
    {
        unreadable(name, Array(text.utf8), says)
    }

    private static let head = #""account":"mira","video":"good.mp4","privacy":"public""#

    /// Of which no id can be read.
    static let documents: [HostileInput] = [
        unreadable("nothing", []),
        text("no JSON".lowercased(), "hello"),
        text("array", "[]", "got an array"),
        text("null", "null", "got null"),
        unreadable("no text", [0xFF, 0xFE, 0x00]),
        unreadable("brackets without end", Array(repeating: UInt8(ascii: "["), count: 200_000)),
        text("deep objects", String(repeating: #"{"a":"#, count: 20_000)),
        text(
            "a megabyte",
            #"{"id":"a","x":"\#(String(repeating: "y", count: 1_000_000))"}"#,
            "must have at most 262144 bytes"
        ),
        unreadable(
            "other encoding",
            #"{"id":"a"}"#.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] as [UInt8] }
        ),
        text("not a number", #"{"id":"a",\#(head),"max_attempts":NaN}"#),
        text("beyond every number", #"{"id":"a",\#(head),"max_attempts":1e999}"#),
        text("half a character", #"{"id":"a",\#(head),"title":"\ud800"}"#),
        text("raw line break", "{\"id\":\"a\",\(head),\"title\":\"a\nb\"}"),
        text("two documents", #"{"id":"a",\#(head)}{"id":"b",\#(head)}"#),
        text("comment", #"{"id":"a",\#(head)/*, "privacy":"private"*/}"#),
        text("two ids", #"{"id":"a","id":"b",\#(head)}"#, "id: may be there only once"),
        text("two ids in disguise", #"{"id":"a","\u0069d":"b",\#(head)}"#, "only once"),
        text("blank in an id", #"{"id":"a b",\#(head)}"#, "id: must be 1–128 characters"),
        text("line break in an id", #"{"id":"a\nb",\#(head)}"#, "id: must be 1–128 characters"),
        text("turned around id", "{\"id\":\"a\u{202E}b\",\(head)}", "id: must be 1–128 characters"),
        text("id of a number", #"{"id":7,\#(head)}"#, "id: must be a string; got an integer"),
        text(
            "id of 129",
            #"{"id":"\#(String(repeating: "i", count: 129))",\#(head)}"#,
            "id: must be 1–128 characters of A–Z a–z 0–9 . _ : -; got 129"
        ),
        text("path as an id", #"{"id":"../../etc",\#(head)}"#, "id: must be 1–128 characters"),
    ]

    /// Of which the id can be read: these get rows.
    static let fields: [HostileInput] = [
        HostileInput(
            name: "two audiences",
            document: Array(#"{"id":"two-audiences",\#(head),"privacy":"private"}"#.utf8),
            code: "document_invalid",
            says: "privacy: may be there only once"
        ),
        field("unknown field", ["titel": "x"], "titel: is no field"),
        field("field that acts", ["\u{1B}[2J\u{202E}": 1], "?[2J?: is no field"),
        field("field for databases", ["'; DROP TABLE publish_history; --": 1], "is no field"),
        field("account of a path", ["account": "../mira"], "account: must be 1–128"),
        field("text as a number", ["max_attempts": "5"], "max_attempts: must be an integer"),
        field("fraction", ["max_attempts": .double(3.5)], "got a fraction"),
        field("largest number", ["max_attempts": .integer(.max)], "got 9223372036854775807"),
        field("negative number", ["video_cover_timestamp_ms": -1], "got -1"),
        field("text as truth", ["is_aigc": "yes"], "is_aigc: must be true or false"),
        field("list as a title", ["title": []], "title: must be a string"),
        field("NUL in a title".lowercased(), ["title": "a\0b"], "title: must not hold U+0000"),
        field("NUL in a path", ["video": "good.mp4\0.jpg"], "video: must not hold U+0000"),
        field(
            "caption too long",
            ["title": .string(String(repeating: "é", count: 2201))],
            "got 2201 UTF-16 units"
        ),
        field(
            "metadata too long",
            ["metadata": ["a": .string(String(repeating: "x", count: 16_384))]],
            "metadata: must have at most 16384 bytes"
        ),
        field("metadata of a list", ["metadata": [1]], "metadata: must be an object"),
        field("both kinds", ["photos": ["a.jpg"]], "exactly one of video and photos"),
        field(
            "36 photos",
            ["video": .null, "photos": .array((0..<36).map { .string("\($0).jpg") })],
            "got 36 items"
        ),
        field("photos of numbers", ["video": .null, "photos": [1]], "must hold strings only"),
        field("no audience", ["privacy": .null], "privacy: is required"),
        field("everyone", ["privacy": "everyone"], "privacy: must be public"),
        field("no such day", ["publish_at": "2026-11-31T00:00:00Z"], "publish_at: must be an RFC"),
        field("trace that forges", ["traceparent": "00-\r\nlevel=error"], "traceparent: must be"),
        field(
            "private advertisement",
            ["privacy": "private", "brand_content_toggle": true],
            "branded"
        ),
    ]
}
