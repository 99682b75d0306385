import Testing

@testable import HTTP

struct HTTPRequestHeadTests {
    /// Everything the parser says about some bytes, as text.
    static func story(
        _ pieces: [[UInt8]],
        limits: HTTPServerLimits = HTTPServerLimits()
    ) -> String {
        var parser = HTTPRequestParser(limits: limits)
        var story = ""
        var body: [UInt8] = []
        for piece in pieces {
            parser.append(piece)
            do throws(HTTPRefusal) {
                while let event = try parser.next() {
                    switch event {
                    case .head(let head):
                        let query = head.query.map { "\($0.0)=\($0.1)" }
                        let fields = head.headers.fields.map { "\($0.name):\($0.value)" }
                        story += "\(head.method) \(head.path) \(query) \(fields) \(head.framing)"
                    case .body(let piece):
                        body += piece
                    case .end:
                        story += " <\(String(decoding: body, as: UTF8.self))>;"
                        body = []
                    }
                }
            } catch {
                return story + " \(error.status)"
            }
        }
        return story
    }

    static func story(of text: String) -> String {
        story([Array(text.utf8)])
    }

    static let valid = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET /a%20b/%C3%A9?x=1+2&y=%26&z&=e HTTP/1.1\r\nHost: a:1\r\nX:\r\nY: \t v w \r\n\r\n",
        "POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello"
            + "GET /n HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n00b;a=\"1\"\r\n wide world\r\n0\r\nX-Sum: 1\r\n\r\n"
            + "HEAD /n HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: \r\n\r\n",
        "GET http://A:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n"
            + "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /old HTTP/1.0\r\n\r\n",
    ]

    @Test(arguments: valid)
    func `a request means the same wherever it is cut`(text: String) {
        let bytes = Array(text.utf8)
        let whole = Self.story([bytes])

        #expect(whole.hasSuffix(";"))
        for place in 1..<bytes.count {
            #expect(Self.story([Array(bytes[..<place]), Array(bytes[place...])]) == whole)
        }
        #expect(Self.story(bytes.map { [$0] }) == whole)
    }

    @Test(arguments: MalformedRequest.all)
    func `a refusal is the same when the bytes come one by one`(request: MalformedRequest) {
        let bytes = Array(request.text.utf8)

        #expect(Self.story([bytes]).hasSuffix(" \(request.status)"))
        #expect(Self.story(bytes.map { [$0] }).hasSuffix(" \(request.status)"))
    }

    @Test func `path and query are percent-decoded once`() {
        let story = Self.story(of: "GET /%2541%2F?a%3D=%2526+ HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(story.hasPrefix(#"GET /%41/ ["a==%26 "]"#))
    }

    @Test func `header names compare without case`() throws {
        let headers: HTTPHeaders = ["Content-Type": "a", "CONTENT-TYPE": "b"]

        #expect(headers["content-type"] == "a")
        #expect(headers.all("Content-type") == ["a", "b"])
    }

    @Test func `body that passes by the parser counts as body`() throws {
        var parser = HTTPRequestParser(limits: HTTPServerLimits())
        parser.append(Array("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\nab".utf8))
        _ = try parser.next()

        #expect(parser.passableBodyBytes == 0)
        guard case .body(let piece) = try parser.next() else { throw HTTPRefusal.timedOut }
        #expect(piece.count == 2)
        #expect(parser.passableBodyBytes == 256 * 1024)
        parser.passedBody(256 * 1024)
        parser.passedBody(256 * 1024)
        #expect(parser.passableBodyBytes == 600_000 - 2 - 512 * 1024)
        parser.passedBody(parser.passableBodyBytes)
        guard case .end = try parser.next() else { throw HTTPRefusal.timedOut }
    }

    @Test func `dates are written in the one form that HTTP allows`() {
        #expect(HTTPStatus.date(seconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
