/// The permissions that an account's owner gives, and what each is for.
///
/// Source: TikTok API Scopes, copy of 2026-09-11.
package enum Scopes {
    /// What `accounts authorize` asks for.
    package static let asked = [
        "user.info.basic", "user.info.profile", "video.publish", "video.upload", "video.list",
    ]

    /// One of these is needed for any post.
    package static let posting: Set = ["video.publish", "video.upload"]

    /// The one that posts of a mode need.
    ///
    /// Source: Direct Post and Upload references, copies of 2026-09-11.
    package static func needed(for mode: PublishJob.Mode) -> String {
        switch mode {
        case .direct: "video.publish"
        case .draft: "video.upload"
        }
    }

    /// What does not work without it; `nil`: nothing here needs it.
    package static func loss(without scope: String) -> String? {
        switch scope {
        case "video.publish": "direct posts are refused"
        case "video.upload": "drafts are refused"
        case "user.info.basic": "nobody can check whose account it is"
        case "user.info.profile": "the user name, and with it links to posts, stay unknown"
        case "video.list": "posts in doubt must be looked up by a person"
        default: nil
        }
    }
}
