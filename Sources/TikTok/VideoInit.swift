internal import JSON

/// What a video post says and allows.
///
/// Source: Direct Post reference, copy of 2026-09-11. Its table calls the brand switches required,
/// its sample omits them: every switch is always sent.
package struct VideoPost: Sendable, Equatable {
    /// The caption, see `CaptionLimits`; empty for none.
    package var title = ""
    package var privacy: PrivacyLevel
    package var disableComment = false
    package var disableDuet = false
    package var disableStitch = false
    /// Paid partnership for somebody else's brand.
    package var brandContent = false
    /// Promotes the creator's own business.
    package var brandOrganic = false
    package var isAIGenerated = false
    /// The frame that becomes the cover, in milliseconds; `nil` for the first.
    package var coverMilliseconds: Int64?

    package init(privacy: PrivacyLevel) {
        self.privacy = privacy
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "privacy_level": .string(privacy.tiktokName),
            "disable_comment": .bool(disableComment),
            "disable_duet": .bool(disableDuet),
            "disable_stitch": .bool(disableStitch),
            "brand_content_toggle": .bool(brandContent),
            "brand_organic_toggle": .bool(brandOrganic),
            "is_aigc": .bool(isAIGenerated),
        ]
        if !title.isEmpty { members["title"] = .string(title) }
        if let coverMilliseconds {
            members["video_cover_timestamp_ms"] = .integer(coverMilliseconds)
        }
        return .object(members)
    }
}

/// How TikTok gets a video.
package enum VideoSource: Sendable, Equatable {
    /// We send it in chunks to an address TikTok names.
    case upload(ChunkPlan)
    /// TikTok fetches it: https, no redirects, a domain verified for the app.
    ///
    /// Such a post goes live without another call, so a lost answer is in doubt.
    case pull(url: String)

    var json: JSONValue {
        switch self {
        case .upload(let plan):
            [
                "source": "FILE_UPLOAD",
                "video_size": .integer(plan.size),
                "chunk_size": .integer(plan.chunkSize),
                "total_chunk_count": .integer(plan.count),
            ]
        case .pull(let url):
            ["source": "PULL_FROM_URL", "video_url": .string(url)]
        }
    }

    var isUpload: Bool {
        guard case .upload = self else { return false }
        return true
    }
}
