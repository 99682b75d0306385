internal import Crypto
internal import JSON

/// One message to the app's callback address, and what became of it.
package struct SandboxWebhook: Sendable {
    package let event: String
    package let openID: String
    /// `nil` for what concerns an account.
    package let publishID: String?
    /// Milliseconds since 1970 by the sandbox's clock.
    let createdAt: Int64
    let content: JSONValue

    /// As TikTok writes it: the content is a document inside a string.
    func body(clientKey: String) -> [UInt8] {
        let message: JSONValue = [
            "client_key": .string(clientKey), "event": .string(event),
            "create_time": .integer(createdAt / 1000), "user_openid": .string(openID),
            "content": .string(content.encodedText),
        ]
        return message.encoded
    }

    /// `t=…,s=…` for a body.
    ///
    /// - Parameter seconds: since 1970, when it is signed.
    static func signature(of body: [UInt8], secret: String, at seconds: Int64) -> String {
        let message = Array("\(seconds).".utf8) + body
        let digest = HMACSHA256.sign(key: Array(secret.utf8), message: message)
        return "t=\(seconds),s=\(Hexadecimal.encode(digest))"
    }
}

/// One try to deliver a webhook.
package struct SandboxDelivery: Sendable {
    package let event: String
    package let publishID: String?
    /// From 1.
    package let attempt: Int
    /// 0: no answer.
    package let status: Int
}

/// How webhooks are sent, and what goes wrong with them on purpose.
package struct SandboxWebhookOptions: Sendable {
    /// Where they are sent to, on this machine only; `nil`: nowhere.
    package var url: String?
    /// Each is sent so often at once.
    package var copies = 1
    /// What is due at the same moment goes out the newest first.
    package var isReversed = false
    /// Signed so long ago.
    package var signatureAge: Duration = .zero
    /// Signed with this instead of the app's secret.
    package var wrongSecret: String?
    /// Until the first repetition; each further wait is twice as long.
    package var retryPause: Duration = .milliseconds(200)
    /// Tries of each; TikTok's go on for 72 hours.
    package var triesMax = 12

    package init() {}
}

// MARK: What is due

extension SandboxState {
    /// Deliveries that are remembered.
    static let deliveriesMax = 10_000

    /// Messages that have come to be since the last call, in the order of their posts and, of each
    /// post, in that of its life.
    package mutating func dueWebhooks(at instant: Int64) -> [SandboxWebhook] {
        let now = instant + advancedBy
        var due = removals
        removals = []
        for publishID in unfinished.sorted() {
            guard let post = posts[publishID] else { continue }
            let told = announced[publishID] ?? []
            let news = post.news(at: now, options).filter { !told.contains($0.event) }
            for one in news { announced[publishID, default: []].insert(one.event) }
            due += news
            if post.hasNoMoreNews(at: now, options) {
                unfinished.remove(publishID)
                announced[publishID] = nil
            }
        }
        return options.webhooks.isReversed ? due.reversed() : due
    }

    /// The owner has taken the app off their list.
    mutating func noteRemoval(of openID: String, at now: Int64) {
        guard removals.count < Self.deliveriesMax else { return }
        removals.append(
            SandboxWebhook(
                event: "authorization.removed",
                openID: openID,
                publishID: nil,
                createdAt: now,
                content: ["reason": 1]
            )
        )
    }

    mutating func note(_ delivery: SandboxDelivery) {
        deliveries.append(delivery)
        if deliveries.count > Self.deliveriesMax { deliveries.removeFirst(1000) }
    }
}

extension Post {
    /// Everything that TikTok would have sent of it by now.
    fileprivate func news(at now: Int64, _ options: SandboxOptions) -> [SandboxWebhook] {
        let type = mode == .draft ? "INBOX_SHARE" : "DIRECT_PUBLISH"
        var content: [String: JSONValue] = [
            "publish_id": .string(publishID), "publish_type": .string(type),
        ]
        func message(_ event: String) -> SandboxWebhook {
            SandboxWebhook(
                event: "post.publish." + event,
                openID: openID,
                publishID: publishID,
                createdAt: now,
                content: .object(content)
            )
        }
        let status = status(at: now, options)
        var all: [SandboxWebhook] = []
        if let reason = failReason(at: now, options) {
            content["reason"] = .string(reason)
            return [message("failed")]
        }
        let isComplete = status == "PUBLISH_COMPLETE"
        if mode == .draft, isComplete || status == "SEND_TO_USER_INBOX" {
            all.append(message("inbox_delivered"))
        }
        if isComplete { all.append(message("complete")) }
        if let id = publicPostID(at: now, options) {
            // A string in a live payload (public code, read 2026-09).
            content["post_id"] = .string(String(id))
            all.append(message("publicly_available"))
        }
        return all
    }

    fileprivate func hasNoMoreNews(at now: Int64, _ options: SandboxOptions) -> Bool {
        switch status(at: now, options) {
        case "FAILED": true
        case "PUBLISH_COMPLETE":
            privacy != "PUBLIC_TO_EVERYONE" || publicPostID(at: now, options) != nil
        default: false
        }
    }
}
