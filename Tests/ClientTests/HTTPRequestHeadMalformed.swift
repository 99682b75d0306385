import Testing

/// A request that must be refused, and how.
struct MalformedRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let status: Int

    init(_ name: String, _ text: String, _ status: Int = 400) {
        testDescription = name
        self.text = text
        self.status = status
    }

    /// A request that is well but for one or two fields.
    private static func fields(_ name: String, _ fields: String, _ status: Int = 400) -> Self {
        Self(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nabcde", status)
    }

    private static func chunks(_ name: String, _ chunks: String, _ status: Int = 400) -> Self {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        return Self(name, head + chunks, status)
    }

    private static func line(_ name: String, _ line: String, _ status: Int = 400) -> Self {
        Self(name, line + "\r\nHost: a\r\n\r\n", status)
    }

    static let all = lines + heads + bodies

    private static let lines = [
        line("two words", "GET /"),
        line("two spaces", "GET  / HTTP/1.1"),
        line("blank before the method", " GET / HTTP/1.1"),
        line("blank at the end", "GET / HTTP/1.1 "),
        line("tab between words", "GET\t/ HTTP/1.1"),
        line("method with a colon", "GE:T / HTTP/1.1"),
        line("method too long", String(repeating: "A", count: 33) + " / HTTP/1.1"),
        line("CONNECT", "CONNECT a:443 HTTP/1.1", 501),
        line("small letters in the version", "GET / http/1.1"),
        line("version without a point", "GET / HTTP/11"),
        line("version with three digits", "GET / HTTP/1.10"),
        line("HTTP/2.0", "GET / HTTP/2.0", 505),
        line("HTTP/1.2", "GET / HTTP/1.2", 505),
        line("HTTP/0.9", "GET / HTTP/0.9", 505),
        line("relative target", "GET index HTTP/1.1"),
        line("star for GET", "GET * HTTP/1.1"),
        line("fragment", "GET /a#b HTTP/1.1"),
        line("target beyond ASCII", "GET /é HTTP/1.1"),
        line("control byte in the target", "GET /\u{7F} HTTP/1.1"),
        line("percent without digits", "GET /%zz HTTP/1.1"),
        line("percent at the end", "GET /%4 HTTP/1.1"),
        line("percent in the query", "GET /?a=%g0 HTTP/1.1"),
        line("encoded NUL", "GET /%00 HTTP/1.1"),
        line("encoded line break in the path", "GET /%0d%0a HTTP/1.1"),
        line("encoded bytes that are not UTF-8", "GET /%ff%fe HTTP/1.1"),
        line("target with a user", "GET http://u@a/ HTTP/1.1"),
        line("target of another host", "GET http://b/ HTTP/1.1"),
        line("line too long", "GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1", 414),
        Self("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Self("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Self("bare CR in the request line", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    private static let heads = [
        Self("no Host", "GET / HTTP/1.1\r\n\r\n"),
        fields("two Hosts", "Host: a"),
        Self("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Self("bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        Self("bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        fields("two lengths", "Content-Length: 5\r\nContent-Length: 6"),
        fields("the same length twice", "Content-Length: 5\r\ncontent-length: 5"),
        fields("list of lengths", "Content-Length: 5, 5"),
        fields("length with a sign", "Content-Length: +5"),
        fields("negative length", "Content-Length: -5"),
        fields("hexadecimal length", "Content-Length: 0x5"),
        fields("empty length", "Content-Length:"),
        fields("length beyond 64 bits", "Content-Length: 99999999999999999999"),
        fields("length beyond the limit", "Content-Length: 9000000000000", 413),
        fields("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        fields("chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        fields("another coding", "Transfer-Encoding: gzip, chunked"),
        fields("identity", "Transfer-Encoding: identity"),
        fields("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        fields("chunked in quotes", "Transfer-Encoding: \"chunked\""),
        fields("chunked with a vertical tab", "Transfer-Encoding: \u{0B}chunked"),
        fields("Chunked with a capital", "Transfer-Encoding: Chunked"),
        Self(
            "chunked in HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        fields("blank before the colon", "Content-Length : 5"),
        fields("folded field", "X: a\r\n b"),
        fields("field without a colon", "X"),
        fields("field without a name", ": a"),
        fields("NUL in a value", "X: a\0b"),
        fields("CR in a value", "X: a\rb"),
        fields("DEL in a value", "X: a\u{7F}b"),
        fields("blank in a name", "X Y: a"),
        fields("unknown expectation", "Expect: 200-ok", 417),
        fields("too many fields", (0..<100).map { "X\($0): a" }.joined(separator: "\r\n"), 431),
        fields("field too long", "X: " + String(repeating: "a", count: 40_000), 431),
    ]

    private static let bodies = [
        chunks("size is no number", "g\r\n"),
        chunks("empty size", "\r\n"),
        chunks("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        chunks("size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        chunks("blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
        chunks("blank after the size", "5 \r\nhello\r\n0\r\n\r\n"),
        chunks("size too long", "0000000000000005\r\nhello\r\n0\r\n\r\n"),
        chunks("size beyond the limit", "fffffffffffff\r\n", 413),
        chunks("bare LF after a size", "5\nhello\r\n0\r\n\r\n"),
        chunks("bare LF after a chunk", "5\r\nhello\n0\r\n\r\n"),
        chunks("chunk longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
        chunks("chunk shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
        chunks("control byte in an extension", "5;a\u{1}\r\nhello\r\n0\r\n\r\n"),
        chunks("CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        chunks("extension too long", "5;" + String(repeating: "a", count: 2000) + "\r\nhello"),
        chunks(
            "extensions too many",
            String(repeating: "1;" + String(repeating: "a", count: 500) + "\r\nx\r\n", count: 40)
        ),
        chunks("trailer without a colon", "0\r\nX\r\n\r\n"),
        chunks("length as a trailer", "0\r\nContent-Length: 5\r\n\r\n"),
        chunks("folded trailer", "0\r\nX: a\r\n b\r\n\r\n"),
        chunks("trailers too long", "0\r\nX: " + String(repeating: "a", count: 40_000), 431),
        chunks(
            "trailers too many",
            "0\r\n" + String(repeating: "X: a\r\n", count: 101) + "\r\n",
            431
        ),
    ]
}
