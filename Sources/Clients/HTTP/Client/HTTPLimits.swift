/// How long each phase of a request may take, and how much may come back.
///
/// Times are kept to a tenth of the shortest of them, at worst to half a second.
package struct HTTPLimits: Sendable, Equatable {
    /// Waiting because the client has as many connections as it may.
    package var turn: Duration = .seconds(60)
    /// Resolving, connecting and TLS together.
    package var connect: Duration = .seconds(10)
    /// From the last byte of the request that the peer's kernel acknowledged to the answer.
    package var firstResponseByte: Duration = .seconds(60)
    /// No byte in either direction, though some should move.
    package var stalledAfter: Duration = .seconds(30)
    /// Everything, from the call to the last byte; `nil`: no limit besides the others.
    package var total: Duration?
    /// Bytes of the answer's body.
    package var responseBodyBytes = 1024 * 1024
    /// Bytes of all header lines of the answer, those of 1xx answers and trailers included.
    package var responseHeaderBytes = 64 * 1024

    package init() {}
}

/// What holds for every request of an `HTTPClient`.
package struct HTTPClientOptions: Sendable {
    /// Connections at a time, and kept alive.
    package var connectionsMax = 256
    /// Connections to one host and port at a time.
    package var connectionsPerHostMax = 128
    /// Requests that may wait for a connection; one more is refused as `HTTPError.busy`.
    package var waitingMax = 1024
    package var userAgent = "tiktok-publisher"
    /// A PEM file of certificates to trust instead of the system's.
    package var trustedCertificates: String?

    package init() {}
}
