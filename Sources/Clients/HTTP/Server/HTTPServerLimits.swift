/// What one connection may cost an `HTTPServer`.
package struct HTTPServerLimits: Sendable {
    /// Longest request line in bytes; a longer one is answered with 414.
    package var requestLineBytes = 8 * 1024
    /// Request line and fields together, in bytes; more is answered with 431.
    package var headBytes = 32 * 1024
    /// Most header fields, and most trailer fields; more is answered with 431.
    package var headFields = 100
    /// Largest request body; a larger one is answered with 413.
    ///
    /// Bodies are not held in memory: what a handler collects has its own limit.
    package var bodyBytes: Int64 = 4 << 30
    /// How much of a body that its handler left unread is read and dropped to keep the connection.
    package var drainBytes = 1 << 20
    /// Most connections served at once; the next few are answered with 503, further ones wait.
    package var connections = 1024

    /// From the first byte of a request (or from connecting) to the end of its head.
    package var headDeadline: Duration = .seconds(10)
    /// Longest silence while a handler waits for its body.
    package var bodyIdle: Duration = .seconds(30)
    /// Longest time in which the peer takes no byte of a response.
    package var writeIdle: Duration = .seconds(30)
    /// Longest wait for the next request on an open connection.
    package var keepAliveIdle: Duration = .seconds(60)
    /// How long `stop` lets requests under way finish before it cuts them.
    package var stopGrace: Duration = .seconds(5)

    package init() {}
}

extension HTTPServerLimits {
    /// Largest piece of a body, in bytes.
    static let pieceBytes = 256 * 1024
    /// Longest line before a chunk, extensions included, in bytes.
    static let chunkLineBytes = 1024
    /// Chunk extensions of one body, in bytes: else a byte of body could cost a kilobyte.
    static let extensionBytes = 16 * 1024
    /// Connections beyond the limit that are told 503 at the same time.
    static let refusals = 64
    /// After its last response a connection takes in, and drops, at most so many bytes for at most
    /// so long, because closing with bytes unread would destroy the response on its way.
    static let lingerBytes = 64 << 20
    static let linger: Duration = .seconds(2)
}
