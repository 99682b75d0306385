/// One request: what to send, where to, and how long it may take.
///
/// `Host`, `User-Agent`, `Accept` and the exact `Content-Length` are written by the client; there
/// is never an `Expect` header nor a chunked body. `Content-Length`, `Transfer-Encoding`, `Expect`,
/// `Connection` and `Host` may not be given.
package struct HTTPRequest: Sendable {
    /// A token such as `GET`; sent as it is.
    package var method: String
    /// An absolute URL; see `HTTPURL`.
    package var url: String
    /// Values may not hold CR, LF, NUL or other control characters except tab.
    package var headers: HTTPHeaders
    package var body: HTTPBody
    package var limits: HTTPLimits
    /// Whether an `http:` URL may be used.
    package var allowsPlainHTTP: Bool
    /// Whether HTTP/2 is used where the server offers it.
    package var allowsHTTP2 = true
    /// Whether the request may be sent again by itself when a kept-alive connection turns out to be
    /// dead after some of it was written.
    ///
    /// `nil`: only if the method is idempotent, so not for POST.
    package var mayRepeat: Bool?
    /// Where to connect instead of asking the resolver: `host:port:address`; the first that names
    /// the host and port of the URL counts.
    ///
    /// TLS still checks the name in the URL.
    package var resolve: [String] = []
    /// Asked with the 4 or 16 bytes (network order) of each address before it is connected to, and
    /// again before a kept-alive connection is used; `false` refuses it.
    ///
    /// Runs on the loop: be quick.
    package var checkAddress: (@Sendable ([UInt8]) -> Bool)?
    /// Asked when a connection is ready and the request would be written next; `false` ends it as
    /// `HTTPError.cancelled`.
    ///
    /// Runs on the loop: be quick.
    package var mayGoOut: (@Sendable () -> Bool)?
    /// The URL of a proxy.
    ///
    /// `nil`: none, whatever the environment says.
    package var proxy: String?

    package init(
        _ method: String,
        _ url: String,
        headers: HTTPHeaders = [:],
        body: HTTPBody = .none,
        limits: HTTPLimits = HTTPLimits(),
        allowsPlainHTTP: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
        self.allowsPlainHTTP = allowsPlainHTTP
    }

    var isRepeatable: Bool {
        mayRepeat ?? ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method)
    }
}

/// The bytes that follow the header.
package enum HTTPBody: Sendable {
    case none
    case bytes([UInt8])
    /// Bytes that are pulled while they are sent.
    ///
    /// `read` is asked for at most 512 KiB at an offset and answers with at least one byte and at
    /// most as many as asked for. It runs off the loop, one call at a time, mostly in order; after
    /// a dead kept-alive connection it is asked from the start again. At most two pieces are held.
    /// An error ends the transfer as `HTTPError.bodySource`. A call still running when the transfer
    /// ends is cancelled and not waited for.
    case stream(
        length: Int64,
        read: @Sendable (_ offset: Int64, _ count: Int) async throws -> [UInt8]
    )
}
