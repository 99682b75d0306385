import HTTP
import Testing

struct HTTPURLTests {
    @Test func `a URL has its parts`() throws {
        let url = try HTTPURL("HTTPS://User:secret@Open.Example.com:8443/a%2Fb/c?d=e&f#part")

        #expect(url.scheme == "https")
        #expect(url.host == "open.example.com")
        #expect(url.port == 8443)
        #expect(url.path == "/a%2Fb/c")
        #expect(url.query == "d=e&f")
        #expect(url.hasCredentials)
        #expect(url.text == "https://User:secret@open.example.com:8443/a%2Fb/c?d=e&f")
        #expect(url.description == "https://open.example.com:8443/…")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let expected: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "http://a", expected: "http://a/"),
        Case(text: "https://A.B", expected: "https://a.b/"),
        Case(text: "https://a:443/x", expected: "https://a/x"),
        Case(text: "http://a/b/../../c/./d", expected: "http://a/c/d"),
        Case(text: "http://0x7f.1/", expected: "http://127.0.0.1/"),
        Case(text: "http://2130706433/", expected: "http://127.0.0.1/"),
        Case(text: "http://0177.0.0.1/", expected: "http://127.0.0.1/"),
        Case(text: "http://%31%32%37.0.0.1/", expected: "http://127.0.0.1/"),
        Case(text: "http://[::1]:80/", expected: "http://[::1]/"),
        Case(text: "http://[0:0::0:1]/", expected: "http://[::1]/"),
        Case(text: "http://a/?q=..//b", expected: "http://a/?q=..//b"),
    ])
    func `spellings of one URL become one text`(example: Case) throws {
        #expect(try HTTPURL(example.text).text == example.expected)
        #expect(try HTTPURL(example.expected).text == example.expected)
    }

    @Test func `a question mark in front of nothing is no query`() throws {
        let url = try HTTPURL("https://a.b?")

        #expect(url.query == nil)
        #expect(try HTTPURL(url.text) == url)
        #expect(try HTTPURL("https://a.b/?=").query == "=")
    }

    @Test func `an IPv6 host has no brackets`() throws {
        #expect(try HTTPURL("http://[::1]/").host == "::1")
        #expect(try HTTPURL("http://[::1]/").origin == "http://[::1]:80")
        #expect(try !HTTPURL("http://a/@b").hasCredentials)
    }

    @Test(arguments: [
        "", "a", "/a", "//a/b", "a.b/c", "http:a", "http:/a", "http:///a", "http://", "http://:80",
        "ftp://a/", "file:///etc/passwd", "gopher://a/", "javascript:alert(1)", "http//a",
        "http://a:0/", "http://a:65536/", "http://a:b/", "http://a:-1/",
        "http://a b/", "http://a/b c", "http://a/\t", "http://a\n/", "http://a/\r\nX: y",
        "http://a/\0", "http://a\\@b/", "http://ä/", "http://a/ü", "http://a%00/", "http://a%20b/",
        "http://a%2Fb/", "http://a%40b/", "http://[::1/", "http://[fe80::1%25eth0]/", "http://[x]/",
        " http://a/", "http://a/ ", "http://a/\u{7f}", "http://a,b/", "http://*/",
        "http://" + String(repeating: "a", count: 300) + "/",
        "http://a/" + String(repeating: "a", count: 16 * 1024),
    ])
    func `what is no http URL is refused`(text: String) {
        #expect(throws: HTTPURLError.self) { try HTTPURL(text) }
    }
}
