/// What a handler answers, and how the answer travels.
///
/// `Content-Length`, `Date` and `Connection` are the server's to write; a handler may set its own
/// `Date`, and `Connection: close` to end the connection. Names and values that could not travel
/// unharmed (line breaks, control bytes), a length of the handler's own or a status outside 200–599
/// are replaced by a 500.
package struct HTTPServerResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// Not sent in answer to HEAD, nor with 204 and 304.
    package var body: [UInt8]
    package var delivery: Delivery

    /// Ways for an answer to travel; all but `whole` imitate a broken server.
    package enum Delivery: Sendable, Equatable {
        case whole
        /// The head at once, the body at this rate, at least one byte a second.
        case slowly(bytesPerSecond: Int)
        /// The whole head, this many bytes of the body, then the end of the connection.
        case truncated(after: Int)
        /// Nothing is sent; the connection is reset at once.
        case reset
        /// Nothing is sent; the connection stays until the peer leaves or the server stops.
        case hang
    }

    package init(
        status: Int,
        headers: HTTPHeaders = [:],
        body: [UInt8] = [],
        delivery: Delivery = .whole
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.delivery = delivery
    }

    /// A `text/plain` answer.
    package init(status: Int, text: String) {
        self.init(
            status: status,
            headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: Array(text.utf8)
        )
    }
}

extension HTTPServerResponse {
    /// Whether the connection ends after it.
    var endsConnection: Bool {
        if case .truncated = delivery { return true }
        return headers.all("Connection").contains { $0.lowercased() == "close" }
    }

    /// The body as it travels in answer to `method`.
    func bodyToSend(answering method: String) -> [UInt8] {
        method == "HEAD" || status == 204 || status == 304 ? [] : body
    }

    /// Whether a peer would read it as it was meant.
    var isSound: Bool {
        (200...599).contains(status)
            && headers.fields.allSatisfy { field in
                !["content-length", "transfer-encoding"].contains(field.name.lowercased())
                    && Self.isSafe(field)
            }
    }

    /// Status line and fields, up to and including the empty line, of a sound response.
    func head(keepsOpen: Bool) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(HTTPStatus.reason(status))\r\n"
        for field in headers.fields where field.name.lowercased() != "connection" {
            text += "\(field.name): \(field.value)\r\n"
        }
        if headers["Date"] == nil { text += "Date: \(HTTPStatus.date)\r\n" }
        // A 204 must not carry a length: RFC 9110, section 8.6.
        if status != 204 { text += "Content-Length: \(body.count)\r\n" }
        text += keepsOpen ? "\r\n" : "Connection: close\r\n\r\n"
        return Array(text.utf8)
    }

    private static func isSafe(_ field: HTTPHeaders.Field) -> Bool {
        !field.name.isEmpty && field.name.utf8.allSatisfy(HTTPBytes.isToken)
            && field.value.utf8.allSatisfy(HTTPBytes.isFieldValue)
    }
}
