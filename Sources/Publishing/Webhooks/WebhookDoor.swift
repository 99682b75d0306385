internal import FoundationEssentials
package import HTTP
internal import Postgres
package import Telemetry
package import TikTok

/// Answers whoever knocks at the address that TikTok sends webhooks to.
///
/// 200 says that the message is kept, or of no use to anybody; TikTok repeats whatever gets another
/// answer. No answer has a body: nobody learns more than its status.
package struct WebhookDoor: Sendable {
    private let webhooks: Webhooks
    private let client: ClientCredentials
    private let log: Log
    /// For what TikTok has signed.
    private let rate = RequestRate(perSecond: 200, burst: 1000)
    /// For all others, so that no crowd of them keeps TikTok out.
    private let strangersRate = RequestRate(perSecond: 20, burst: 100)
    private let told = RareNotices()
    private let limits: Limits

    package static let path = "/webhooks/tiktok"

    /// What one request may cost.
    package struct Limits: Sendable {
        /// TikTok's messages have some hundred bytes.
        package var bodyBytes = 64 * 1024
        /// From the head to the end of the body.
        package var bodyTime = Duration.seconds(10)

        package init() {}
    }

    /// - Parameter client: whose webhooks they are; its secret signs them.
    package init(
        webhooks: Webhooks,
        client: ClientCredentials,
        log: Log,
        limits: Limits = Limits()
    ) {
        self.webhooks = webhooks
        self.client = client
        self.log = log
        self.limits = limits
    }

    /// For a server that has nothing but this door.
    package var serverLimits: HTTPServerLimits {
        var all = HTTPServerLimits()
        all.requestLineBytes = 2 * 1024
        all.headBytes = 16 * 1024
        all.bodyBytes = Int64(limits.bodyBytes)
        all.drainBytes = limits.bodyBytes
        all.connections = 128
        all.headDeadline = .seconds(5)
        all.bodyIdle = .seconds(5)
        all.writeIdle = .seconds(5)
        all.keepAliveIdle = .seconds(30)
        all.stopGrace = .seconds(2)
        return all
    }

    // MARK: Answering

    package func answer(_ request: HTTPServerRequest) async -> HTTPServerResponse {
        guard request.path == Self.path else { return HTTPServerResponse(status: 404) }
        guard request.method == "POST" else { return Self.notAPost }
        guard let signature = WebhookSignature(request.headers) else {
            return refuseStranger(.unsigned)
        }
        let body: [UInt8]
        switch await collect(request.body) {
        case .success(let bytes): body = bytes
        case .failure(let refusal): return refuse(refusal == .tooLong ? 413 : 408, refusal)
        }
        guard signature.isValid(for: body, secret: client.secret) else {
            return refuseStranger(.wrongSignature)
        }
        // A right signature that is too old is answered like a wrong one: should TikTok sign anew
        // each time, or our clock be wrong, it is sent again.
        switch signature.age() {
        case .current: break
        case .stale(let age): return refuseStranger(.stale, age: age)
        case .fromTheFuture(let age): return refuseStranger(.fromTheFuture, age: age)
        }
        guard rate.takesOne() else { return refuse(429, .flood, retryAfter: 1) }
        return await take(body)
    }

    private static let notAPost = HTTPServerResponse(status: 405, headers: ["Allow": "POST"])

    /// Whether an answer to a GET at `path` is that of a door like this one.
    package static func isOwn(_ response: HTTPResponse) -> Bool {
        response.status == notAPost.status && response.headers["Allow"] == "POST"
            && response.body.isEmpty
    }

    /// - Parameter body: surely TikTok's.
    private func take(_ body: [UInt8]) async -> HTTPServerResponse {
        let webhook: Webhook
        do {
            webhook = try Webhook(parsing: body)
        } catch {
            return refuse(400, .unreadable, detail: error.description)
        }
        guard webhook.clientKey == client.key else { return refuse(403, .otherApp) }
        guard let note = WebhookNote(webhook) else {
            if case .unknown(let name) = webhook.event { tellUnknown(name) }
            return HTTPServerResponse(status: 200)
        }
        do throws(HistoryError) {
            try await webhooks.keep(note)
            return HTTPServerResponse(status: 200)
        } catch {
            var why: String?
            if case .refused(let cause) = error { why = cause.description }
            return refuse(503, .unkept, detail: why, retryAfter: 5)
        }
    }

    /// The body as sent, and no more of it than a webhook can have.
    private func collect(_ body: HTTPServerBody) async -> Result<[UInt8], Refusal> {
        let deadline = ContinuousClock.now + limits.bodyTime
        var bytes: [UInt8] = []
        do throws(HTTPServerError) {
            while let piece = try await body.next() {
                guard bytes.count + piece.count <= limits.bodyBytes else {
                    return .failure(.tooLong)
                }
                guard ContinuousClock.now < deadline else { return .failure(.tooSlow) }
                bytes += piece
            }
            return .success(bytes)
        } catch {
            // The server itself answers what the peer did wrong, if it is still there.
            return .failure(.tooSlow)
        }
    }

    // MARK: Telling the operator

    /// Why a request gets another answer than 200; the word for the log.
    private enum Refusal: String, Error {
        /// Too many of TikTok's own, and too many of anybody else's.
        case flood, crowd
        case unsigned, stale, unreadable, unkept
        case wrongSignature = "wrong_signature"
        case fromTheFuture = "from_the_future"
        case otherApp = "other_client_key"
        case tooLong = "too_long"
        case tooSlow = "too_slow"
    }

    private func refuse(
        _ status: Int,
        _ refusal: Refusal,
        detail: String? = nil,
        age: Duration? = nil,
        retryAfter: Int? = nil
    ) -> HTTPServerResponse {
        if let count = told.count(refusal.rawValue) {
            log.warning(
                "webhook.refused",
                [
                    "reason": .string(refusal.rawValue), "status_code": .integer(status),
                    "count": .integer(count), "detail": detail.map { .string($0) },
                    "age": age.map { .duration($0) },
                ]
            )
        }
        var response = HTTPServerResponse(status: status)
        if let retryAfter { response.headers.add("Retry-After", String(retryAfter)) }
        return response
    }

    /// Answers who has no valid signature; beyond their rate they lose their connections as well.
    private func refuseStranger(_ refusal: Refusal, age: Duration? = nil) -> HTTPServerResponse {
        guard !strangersRate.takesOne() else { return refuse(401, refusal, age: age) }
        var response = refuse(429, .crowd, retryAfter: 60)
        response.headers.add("Connection", "close")
        return response
    }

    private func tellUnknown(_ name: String) {
        guard told.isNew(name) else { return }
        log.info("webhook.unknown", ["tiktok_event": .string(name)])
    }
}
