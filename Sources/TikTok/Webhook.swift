internal import JSON

/// One message that TikTok sends to the app's callback address, checked for its shape.
///
/// It is a hint and never the truth: it may come late, twice, or before what it follows.
/// Source: pages "Webhooks overview", "Webhooks events" and "Webhooks verification" (undated, read
/// 2026-09-11) and "Get Post Status" (stamped 2026-08-04); spellings that only public code knows
/// are taken too.
package struct Webhook: Sendable, Equatable {
    package let clientKey: String
    /// The person it is about, as this app knows them; private, not for logs.
    package let openID: String
    /// When it happened, in seconds since 1970.
    package let createdAt: Int64
    package let event: Event

    package enum Event: Sendable, Equatable {
        case post(PostNews)
        case authorizationRemoved(RemovalReason)
        /// One that this program has no use for, cleaned.
        case unknown(String)
    }

    /// What happened to a post.
    package struct PostNews: Sendable, Equatable {
        package let kind: PostNewsKind
        package let publishID: String
        /// Where the post can be seen, or could.
        package let postID: PostID?
        /// With `failed`.
        package let reason: TikTokErrorCode?
        /// Whether it began as a draft; `nil`: TikTok uses another word than those known.
        package let isDraft: Bool?
    }
}

/// TikTok's word for what happened to a post.
package enum PostNewsKind: String, Sendable, CaseIterable {
    case failed
    /// Out, before moderation; of a draft: its owner has posted it, which may come several times.
    case complete
    case delivered
    /// Everybody can see it.
    case publiclyAvailable = "publicly_available"
    case noLongerAvailable = "no_longer_publicly_available"

    /// Reads an event's name.
    ///
    /// - Returns: `nil` for one that is not listed.
    init?(event: String) {
        switch event {
        case "post.publish.failed": self = .failed
        case "post.publish.complete", "post.publish.completed": self = .complete
        case "post.publish.inbox_delivered": self = .delivered
        case "post.publish.publicly_available", "post.publish.publicaly_available":
            self = .publiclyAvailable
        case "post.publish.no_longer_publicaly_available",
            "post.publish.no_longer_publicly_available":
            self = .noLongerAvailable
        default: return nil
        }
    }

    /// Whether it says that the post is at least in its owner's inbox.
    package var isSuccess: Bool {
        switch self {
        case .complete, .delivered, .publiclyAvailable: true
        case .failed, .noLongerAvailable: false
        }
    }
}

/// Why a creator's consent has ended: numbers 0 to 5 of the page "Webhooks events".
package enum RemovalReason: Int64, Sendable, CaseIterable {
    case unknown, disconnected, accountDeleted, ageChanged, banned, revokedByDeveloper
}

/// Why a body is not a webhook, without any of its content.
package struct WebhookError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

// MARK: Reading

extension Webhook {
    /// Reads a whole body, as it was signed.
    package init(parsing body: [UInt8]) throws(WebhookError) {
        guard let message = try? JSONValue(parsing: body), message.object != nil else {
            throw WebhookError(description: "the body is no JSON object")
        }
        clientKey = try Self.word(message["client_key"], "client_key")
        let name = try Self.word(message["event"], "event")
        guard let time = message["create_time"]?.wholeNumber, (1...Self.timeMax).contains(time)
        else { throw WebhookError(description: "create_time is no time in seconds") }
        createdAt = time
        // Of an event that nobody knows nothing more is known either.
        let kind = PostNewsKind(event: name)
        guard kind != nil || name == "authorization.removed" else {
            openID = ""
            event = .unknown(name.cleaned(limit: 64))
            return
        }
        openID = try Self.word(message["user_openid"], "user_openid")
        let content = try Self.content(message["content"])
        event =
            if let kind {
                .post(try PostNews(kind, content))
            } else {
                .authorizationRemoved(
                    content["reason"]?.wholeNumber.flatMap(RemovalReason.init) ?? .unknown
                )
            }
    }

    /// The end of the year 9999.
    private static let timeMax: Int64 = 253_402_300_799

    /// A JSON document inside a string, as TikTok sends it, or plainly an object.
    private static func content(_ value: JSONValue?) throws(WebhookError) -> JSONValue {
        if let value, value.object != nil { return value }
        guard let text = value?.string, let content = try? JSONValue(parsing: text.utf8),
            content.object != nil
        else { throw WebhookError(description: "content holds no JSON object") }
        return content
    }

    /// 1 to 256 visible ASCII characters.
    fileprivate static func word(
        _ value: JSONValue?,
        _ name: StaticString
    ) throws(WebhookError) -> String {
        guard let text = value?.string, (1...256).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw WebhookError(description: "\(name) is no word of visible characters") }
        return text
    }
}

extension Webhook.PostNews {
    fileprivate init(_ kind: PostNewsKind, _ content: JSONValue) throws(WebhookError) {
        self.kind = kind
        publishID = try Webhook.word(content["publish_id"], "content.publish_id")
        postID = PostID.list(content["post_id"]).first
        reason = content["reason"]?.someText.map { TikTokErrorCode($0) }
        switch content["publish_type"]?.string {
        case "INBOX_SHARE": isDraft = true
        case "DIRECT_PUBLISH": isDraft = false
        default: isDraft = nil
        }
    }
}
