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

/// A post TikTok has opened.
package struct OpenedPost: Sendable, Equatable {
    /// Tracks the post; keep it for ever.
    ///
    /// Documented as at most 64 characters.
    package let publishID: String
    /// Where the chunks go, for one hour; `nil` when TikTok fetches the media itself.
    package let uploadAddress: UploadAddress?
    package let logID: String?
}

extension TikTokAPI {
    /// Opens a direct video post; needs the scope `video.publish`.
    ///
    /// - Throws: `.unsafeUploadAddress` when TikTok names a host that is not allowed.
    package func openVideo(
        _ post: VideoPost,
        from source: VideoSource,
        token: AccessToken
    ) async throws(TikTokError) -> OpenedPost {
        let answer = try await call(
            .videoInit,
            token: token,
            body: ["post_info": post.json, "source_info": source.json]
        )
        return try opened(answer, needsAddress: source.isUpload)
    }

    /// Opens a video draft in the owner's inbox; needs the scope `video.upload`.
    ///
    /// It carries no caption and no audience: the owner chooses them in the TikTok app.
    package func openVideoDraft(
        from source: VideoSource,
        token: AccessToken
    ) async throws(TikTokError) -> OpenedPost {
        let answer = try await call(
            .inboxVideoInit,
            token: token,
            body: ["source_info": source.json]
        )
        return try opened(answer, needsAddress: source.isUpload)
    }

    func opened(
        _ answer: Envelope,
        needsAddress: Bool
    ) throws(TikTokError) -> OpenedPost {
        guard let publishID = answer.data["publish_id"]?.someText,
            publishID.utf8.count <= 4 * UploadLimits.publishIDCharactersMax,
            publishID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw answer.unreadable("no usable publish_id") }
        var address: UploadAddress?
        if needsAddress {
            guard let text = answer.data["upload_url"]?.someText else {
                throw answer.unreadable("no upload_url")
            }
            do throws(UploadAddressError) {
                address = try UploadAddress(text, hosts: uploadHosts)
            } catch {
                throw .unsafeUploadAddress(answer.endpoint, error, logID: answer.logID)
            }
        }
        return OpenedPost(publishID: publishID, uploadAddress: address, logID: answer.logID)
    }
}
