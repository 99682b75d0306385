import Crypto
import EventLoop
import Foundation
import HTTP
import JSON
import Postgres
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Somebody who sends webhooks to a worker: TikTok, or whoever says so.
final class WebhookCaller: Sendable {
    let url: String
    let port: UInt16
    private let loop: EventLoop
    private let http: HTTPClient

    static let secret = AccountsProcess.secret

    /// - Parameter worker: it listens, or will in a moment.
    static func run<Value>(
        to worker: RunningProgram,
        _ body: (WebhookCaller) async throws -> Value
    ) async throws -> Value {
        let caller = WebhookCaller(port: try await worker.webhookPort())
        do {
            let value = try await body(caller)
            await caller.close()
            return value
        } catch {
            await caller.close()
            throw error
        }
    }

    private init(port: UInt16) {
        self.port = port
        url = "http://127.0.0.1:\(port)/webhooks/tiktok"
        loop = EventLoop(name: "webhook-caller")
        http = HTTPClient(on: loop)
    }

    private func close() async {
        await http.close()
        loop.stop()
    }

    /// What a message is, and what is wrong with it.
    struct Message {
        var method = "POST"
        var path = "/webhooks/tiktok"
        var body: [UInt8]
        var secret = WebhookCaller.secret
        /// Seconds from now.
        var time: Int64 = 0
        /// `nil`: the right one.
        var headers: HTTPHeaders?
    }

    /// A message about a post as TikTok writes it.
    static func post(
        _ event: String,
        _ publishID: String,
        openID: String = "-000-mira",
        _ more: [String: JSONValue] = [:]
    ) -> Message {
        let content = JSONValue.object(more.merging(["publish_id": .string(publishID)]) { $1 })
        return message("post.publish." + event, openID: openID, content)
    }

    static func message(
        _ event: String,
        openID: String = "-000-mira",
        clientKey: String = "sandbox-client-key",
        _ content: JSONValue
    ) -> Message {
        let body: JSONValue = [
            "client_key": .string(clientKey), "event": .string(event),
            "create_time": .integer(Int64(Date.now.timeIntervalSince1970)),
            "user_openid": .string(openID), "content": .string(content.encodedText),
        ]
        return Message(body: body.encoded)
    }

    static func signature(of body: [UInt8], secret: String, at time: Int64) -> String {
        let signed = Array("\(time).".utf8) + body
        let digest = HMACSHA256.sign(key: Array(secret.utf8), message: signed)
        return "t=\(time),s=\(Hexadecimal.encode(digest))"
    }

    @discardableResult
    func send(_ message: Message) async throws -> HTTPResponse {
        let time = Int64(Date.now.timeIntervalSince1970) + message.time
        let signature = Self.signature(of: message.body, secret: message.secret, at: time)
        return try await http.send(
            HTTPRequest(
                message.method,
                "http://127.0.0.1:\(port)\(message.path)",
                headers: message.headers ?? ["TikTok-Signature": signature],
                body: .bytes(message.body),
                allowsPlainHTTP: true
            )
        )
    }

    /// Sends bytes as they are and reads the answer's first line.
    func sendRaw(_ text: String) async -> String? {
        let answer = await Loopback.ask(
            port: port,
            Array(text.utf8),
            answerBytes: 12,
            milliseconds: 20_000
        )
        return answer.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension RunningProgram {
    /// Where it takes webhooks.
    func webhookPort() async throws -> UInt16 {
        var port: UInt16?
        try await waitUntil("the listener for webhooks", state: { err }) {
            let line = lines(with: "webhook.listen ").first
            port = line?.split(separator: "port=").last.flatMap {
                UInt16($0.prefix { $0.isNumber })
            }
            return port != nil
        }
        return try #require(port)
    }
}

extension TestBed {
    /// What a worker needs that takes webhooks.
    static let webhooks = client.merging(["WEBHOOK_ADDRESS": "127.0.0.1:0"]) { $1 }

    /// How often TikTok was asked what became of a post.
    var questions: Int { sandbox.report().requests[.status] ?? 0 }

    /// What webhooks said of a job, in the order in which it was noted.
    func news(of job: String) async throws -> [String] {
        try await reader.events(of: job).filter { $0.event == "webhook" }.compactMap {
            try JSONValue(parsing: Array(($0.detail ?? "").utf8))["event"]?.string
        }
    }

    /// How many things webhooks have said.
    ///
    /// - Parameter areOpen: only those that nobody has followed yet.
    func notes(areOpen: Bool = false) async throws -> Int {
        let rows = try await database.query(
            """
            SELECT count(*) AS notes FROM publish_webhooks
            WHERE NOT \(areOpen)::boolean OR followed_at IS NULL
            """
        )
        return try rows.first?.int("notes") ?? 0
    }

    /// Waits until everything that webhooks said has been followed.
    func newsAreFollowed(_ count: Int, _ worker: RunningProgram) async throws {
        try await waitUntil("\(count) notes to be followed", state: { worker.err }) {
            let (all, open) = (try await notes(), try await notes(areOpen: true))
            return all >= count && open == 0
        }
    }

    /// Waits until a post is processed by TikTok, and its worker waits for the verdict.
    func isWatched(_ job: String, _ worker: RunningProgram) async throws {
        _ = try await row(job, "is watched", worker: worker) { $0.waitingFor == "tiktok" }
        // The row is written before the queue knows.
        try await waitUntil("the timer of \(job)", state: { worker.err }) {
            try await redis.send(["ZCARD", .text(key("leases"))]).integer == 0
        }
    }
}
