package import HTTP
internal import JSON

/// TikTok's API: one function a call, one file a function.
///
/// Source of every call: developers.tiktok.com, Content Posting API and Login Kit, copies of
/// 2026-08-04 to 2026-11-05. Nothing here repeats a request; whoever calls decides that.
package struct TikTokAPI: Sendable {
    /// Sends one request; the HTTP client's `send`.
    package typealias Send = @Sendable (HTTPRequest) async throws(HTTPError) -> HTTPResponse

    let base: APIAddress
    let uploadHosts: UploadHosts
    let timeouts: TikTokTimeouts
    let send: Send

    /// Makes nothing but a record: no connection is opened before the first call.
    package init(
        base: APIAddress = .tiktok,
        uploadHosts: UploadHosts = .tiktok,
        timeouts: TikTokTimeouts = TikTokTimeouts(),
        send: @escaping Send
    ) {
        self.base = base
        self.uploadHosts = uploadHosts
        self.timeouts = timeouts
        self.send = send
    }

    /// The same, with requests that are withdrawn where `holds` says no when they are about to be
    /// written.
    package func only(while holds: @escaping @Sendable () -> Bool) -> TikTokAPI {
        TikTokAPI(base: base, uploadHosts: uploadHosts, timeouts: timeouts) {
            [send] (request) async throws(HTTPError) -> HTTPResponse in
            var request = request
            request.mayGoOut = holds
            return try await send(request)
        }
    }
}

/// How long calls may take.
package struct TikTokTimeouts: Sendable {
    /// To connect, for every call.
    package var connect: Duration
    /// From start to end of a call that carries no media.
    package var call: Duration
    /// A transfer in which no byte moves this long is given up.
    package var stalledAfter: Duration

    package init(
        connect: Duration = .seconds(10),
        call: Duration = .seconds(30),
        stalledAfter: Duration = .seconds(45)
    ) {
        self.connect = connect
        self.call = call
        self.stalledAfter = stalledAfter
    }
}

// MARK: One call

extension TikTokAPI {
    /// Posts JSON for an account and reads the envelope.
    ///
    /// - Parameter mayRepeat: whether the request may be sent again by itself over a fresh
    ///   connection when a kept-alive one proves dead; never for a call that posts by itself, or
    ///   that has a limit a minute: nobody would count the repetition.
    func call(
        _ endpoint: Endpoint,
        token: AccessToken,
        body: JSONValue? = nil,
        fields: [String] = [],
        method: String = "POST",
        mayRepeat: Bool = false
    ) async throws(TikTokError) -> Envelope {
        var headers: HTTPHeaders = ["Authorization": "Bearer " + token.reveal()]
        if body != nil { headers.add("Content-Type", "application/json; charset=UTF-8") }
        let query = fields.isEmpty ? "" : "?fields=" + fields.joined(separator: ",")
        var request = HTTPRequest(
            method,
            base.text + (endpoint.path ?? "/") + query,
            headers: headers,
            body: body.map { .bytes($0.encoded) } ?? .none,
            limits: limits(total: timeouts.call),
            allowsPlainHTTP: base.isPlainHTTP
        )
        request.mayRepeat = mayRepeat
        let response = try await exchange(endpoint, request)
        return try Envelope(response, from: endpoint, hiding: [token.reveal()])
    }

    /// Posts a form to an OAuth call and reads the flat answer.
    func form(
        _ endpoint: Endpoint,
        _ pairs: [(String, String)],
        hiding secrets: [String]
    ) async throws(TikTokError) -> OAuthReply {
        let response = try await exchange(
            endpoint,
            HTTPRequest(
                "POST",
                base.text + (endpoint.path ?? "/"),
                headers: [
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Cache-Control": "no-cache",
                ],
                body: .bytes(Array(formEncoded(pairs).utf8)),
                limits: limits(total: timeouts.call),
                allowsPlainHTTP: base.isPlainHTTP
            )
        )
        return try OAuthReply(response, from: endpoint, hiding: secrets)
    }

    func exchange(
        _ endpoint: Endpoint,
        _ request: HTTPRequest
    ) async throws(TikTokError) -> HTTPResponse {
        do throws(HTTPError) {
            return try await send(request)
        } catch {
            throw .transport(endpoint, error)
        }
    }

    func limits(total: Duration, responseBodyBytes: Int = 1024 * 1024) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.connect = timeouts.connect
        limits.stalledAfter = timeouts.stalledAfter
        limits.total = total
        limits.responseBodyBytes = responseBodyBytes
        return limits
    }
}
