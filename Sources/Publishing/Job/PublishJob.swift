package import FoundationEssentials
package import JSON
package import TikTok

/// One post that upstream asks for; holds only values that passed the rules of the job document.
package struct PublishJob: Sendable {
    /// The idempotency key: one id is published at most once.
    package let id: String
    /// Key of `tiktok_accounts`.
    package let account: String
    package let content: Content
    package let mode: Mode
    package let options: PostOptions
    /// `nil` only for drafts, whose owner chooses in the app.
    package let privacy: PrivacyLevel?
    package internal(set) var publishAt: Date?
    package internal(set) var expiresAt: Date?
    /// `nil`: `MAX_ATTEMPTS`.
    package let maxAttempts: Int?
    package let traceparent: String?
    /// Kept with the history row, never sent to TikTok; an object of at most 16 KiB.
    package let metadata: JSONValue?
    /// The Celery message that brought it; `nil`: a bare document did.
    package internal(set) var task: CeleryMessage?

    package enum Content: Sendable, Equatable {
        case video(MediaReference, Transfer)
        /// 1–35.
        case photos([MediaReference])

        package var kind: Kind {
            switch self {
            case .video: .video
            case .photos: .photo
            }
        }
    }

    /// The column `source`: how it came.
    var source: String { task == nil ? "json" : "celery" }

    /// Whether TikTok fetches the media itself: then the init alone posts it.
    package var isPulled: Bool {
        switch content {
        case .photos, .video(_, .pull): true
        case .video(_, .upload): false
        }
    }

    package enum Kind: String, Sendable {
        case video, photo
    }

    package enum Mode: String, Sendable, CaseIterable {
        case direct
        /// Goes to the owner's TikTok inbox.
        case draft
    }

    package enum Transfer: String, Sendable, CaseIterable {
        case upload
        /// TikTok fetches the address itself.
        case pull
    }
}

/// What upstream calls its media: a path below `MEDIA_ROOT` or an https address, not yet checked
/// against either.
package enum MediaReference: Sendable, Equatable {
    case path(String)
    case url(String)

    init(_ text: String) {
        self = text.contains("://") ? .url(text) : .path(text)
    }
}

/// What the post says and allows.
package struct PostOptions: Sendable, Equatable {
    package var title: String?
    /// Photos only.
    package var description: String?
    package var disableComment = false
    package var disableDuet = false
    package var disableStitch = false
    /// A paid partnership for a third party.
    package var brandContent = false
    /// Promotes the creator's own business.
    package var brandOrganic = false
    package var isAIGenerated = false
    /// Photos only.
    package var autoAddMusic = false
    package var videoCoverTimestampMilliseconds: Int?
    package var photoCoverIndex: Int?
}
