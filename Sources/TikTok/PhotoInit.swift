internal import JSON

/// A post of pictures, which TikTok fetches from addresses under a domain verified for the app.
///
/// Source: Photo Post reference, copy of 2026-09-11.
package struct PhotoPost: Sendable, Equatable {
    /// See `CaptionLimits`; empty for none.
    package var title = ""
    package var description = ""
    /// https addresses, see `UploadLimits.photoCount`.
    package var images: [String]
    /// Counted from 0.
    package var coverIndex = 0
    package var destination: Destination
    /// Sent only when true: the page lists it beside `media_type`, older copies nowhere.
    package var isAIGenerated = false

    package enum Destination: Sendable, Equatable {
        case direct(DirectSettings)
        /// The owner's inbox; title and description are carried into the editor.
        case draft
    }

    /// What a direct post allows.
    ///
    /// Photos know neither duets nor stitches.
    package struct DirectSettings: Sendable, Equatable {
        package var privacy: PrivacyLevel
        package var disableComment = false
        package var addMusic = false
        package var brandContent = false
        package var brandOrganic = false

        package init(privacy: PrivacyLevel) {
            self.privacy = privacy
        }

        var members: [String: JSONValue] {
            [
                "privacy_level": .string(privacy.tiktokName),
                "disable_comment": .bool(disableComment),
                "auto_add_music": .bool(addMusic),
                "brand_content_toggle": .bool(brandContent),
                "brand_organic_toggle": .bool(brandOrganic),
            ]
        }
    }

    package init(images: [String], destination: Destination) {
        self.images = images
        self.destination = destination
    }

    var json: JSONValue {
        var info: [String: JSONValue] = [:]
        if case .direct(let settings) = destination { info = settings.members }
        if !title.isEmpty { info["title"] = .string(title) }
        if !description.isEmpty { info["description"] = .string(description) }
        var root: [String: JSONValue] = [
            "media_type": "PHOTO",
            "post_mode": destination == .draft ? "MEDIA_UPLOAD" : "DIRECT_POST",
            "post_info": .object(info),
            "source_info": [
                "source": "PULL_FROM_URL",
                "photo_cover_index": .integer(Int64(coverIndex)),
                "photo_images": .array(images.map { .string($0) }),
            ],
        ]
        if isAIGenerated { root["is_aigc"] = true }
        return .object(root)
    }
}
