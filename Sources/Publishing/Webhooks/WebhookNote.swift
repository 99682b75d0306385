internal import FoundationEssentials
internal import JSON
internal import TikTok

/// One thing that a webhook has said, as it is kept: what is equal in its first three columns is
/// the same thing, said again.
struct WebhookNote: Sendable {
    /// The post's publish id; of a consent that ended, whose and when.
    let subject: String
    let event: String
    /// Empty: none.
    let postID: String
    let openID: String
    let reason: String?
    let isDraft: Bool?
    let saidAt: Date

    /// Of a consent that has ended.
    static let removal = "authorization_removed"

    /// - Returns: `nil` when there is nothing in it to keep.
    init?(_ webhook: Webhook) {
        openID = webhook.openID
        saidAt = Date(timeIntervalSince1970: Double(webhook.createdAt))
        switch webhook.event {
        case .unknown: return nil
        case .post(let news):
            subject = news.publishID
            event = news.kind.rawValue
            postID = news.postID?.text ?? ""
            reason = news.reason?.text
            isDraft = news.isDraft
        case .authorizationRemoved(let why):
            subject = "\(Self.removal):\(webhook.openID):\(webhook.createdAt)"
            event = Self.removal
            postID = ""
            reason = String(why.rawValue)
            isDraft = nil
        }
    }

    var json: JSONValue {
        [
            "subject": .string(subject), "event": .string(event), "post_id": .string(postID),
            "open_id": .string(openID), "reason": .text(reason),
            "is_draft": isDraft.map { .bool($0) } ?? .null,
            "said": .double(saidAt.timeIntervalSince1970),
        ]
    }
}
