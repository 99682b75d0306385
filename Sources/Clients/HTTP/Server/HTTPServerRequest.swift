/// One request; its body may still be on the way.
package struct HTTPServerRequest: Sendable {
    /// As sent, case kept: `GET`.
    package let method: String
    /// As sent, at most `requestLineBytes`.
    package let target: String
    /// Percent-decoded once; free of control characters; dot segments stay as they were sent.
    package let path: String
    /// In order, percent-decoded once, `+` read as a space.
    package let query: [(String, String)]
    package let headers: HTTPHeaders
    /// `nil` when the body is chunked; 0 when there is none.
    package let contentLength: Int64?
    package let body: HTTPServerBody
    /// Address and port, `127.0.0.1:40312` or `[::1]:40312`.
    package let peer: String
}

/// The bytes of a request, taken from the socket only as fast as the handler asks for them.
///
/// One task at a time may read, and only until the handler returns. An error ends the connection;
/// where the peer can still be told, the server's own answer (400, 408, 413) replaces the
/// handler's.
package struct HTTPServerBody: Sendable {
    let connection: ServerConnection
    let number: Int

    /// The next 1 to 256 KiB; `nil` at the end.
    package func next() async throws(HTTPServerError) -> [UInt8]? {
        try await connection.nextPiece(of: number)
    }

    /// All that is left, in memory.
    ///
    /// - Parameter limit: in bytes.
    /// - Returns: `nil` when the body is larger than `limit`; the rest of it stays unread.
    /// - Throws: what `next` throws.
    package func collect(limit: Int) async throws(HTTPServerError) -> [UInt8]? {
        var collected: [UInt8] = []
        while let piece = try await next() {
            guard collected.count + piece.count <= limit else { return nil }
            if collected.isEmpty {
                collected = piece
            } else {
                collected += piece
            }
        }
        return collected
    }
}
