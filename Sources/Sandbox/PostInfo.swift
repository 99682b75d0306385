internal import JSON

/// What a post says about itself, after its rules.
struct PostInfo {
    var title = ""
    var privacy = ""

    /// Titles of videos, in UTF-16 units.
    static let videoTitleMax = 2200
    /// Titles of photo posts, in UTF-16 units.
    static let photoTitleMax = 90
    /// Descriptions of photo posts, in UTF-16 units.
    static let descriptionMax = 4000

    /// `post_info` of a direct video.
    init(video fields: Fields) throws(Refusal) {
        title = try Self.text("title", in: fields, max: Self.videoTitleMax)
        for name in ["disable_duet", "disable_stitch", "disable_comment", "is_aigc"] {
            _ = try fields.bool(name)
        }
        // A timestamp outside the video is documented to mean the first frame.
        let cover = try fields.integer("video_cover_timestamp_ms") ?? 0
        guard Int32(exactly: cover) != nil else {
            throw .invalid("post_info.video_cover_timestamp_ms must be an int32")
        }
        try readAudience(fields)
    }

    /// `post_info` of photos; drafts have a title and a description only.
    init(photo fields: Fields, mode: Post.Mode) throws(Refusal) {
        title = try Self.text("title", in: fields, max: Self.photoTitleMax)
        _ = try Self.text("description", in: fields, max: Self.descriptionMax)
        guard mode == .direct else { return }
        for name in ["disable_comment", "auto_add_music"] {
            _ = try fields.bool(name)
        }
        try readAudience(fields)
    }

    /// The brand toggles: the table calls them required, the official samples omit them.
    ///
    /// Branded content that only its author sees is refused: the guidelines forbid it, but which
    /// code the API answers is not documented; `invalid_params` is this stand-in's choice.
    private mutating func readAudience(_ fields: Fields) throws(Refusal) {
        let isBranded = try fields.bool("brand_content_toggle") ?? false
        _ = try fields.bool("brand_organic_toggle")
        privacy = try fields.text("privacy_level") ?? ""
        guard !(isBranded && privacy == "SELF_ONLY") else {
            throw .invalid("Branded content cannot be posted with privacy_level SELF_ONLY")
        }
    }

    private static func text(
        _ name: String,
        in fields: Fields,
        max: Int
    ) throws(Refusal) -> String {
        let text = try fields.text(name) ?? ""
        guard text.utf16Units <= max else {
            throw .invalid("post_info.\(name) is longer than \(max) UTF-16 units")
        }
        return text
    }
}

extension SandboxState {
    /// The audience must be offered to this account now, and allowed to an unaudited app.
    func checkAudience(_ privacy: String, of account: SandboxAccount) throws(Refusal) {
        guard account.offeredPrivacy.contains(privacy) else {
            throw .forbidden("privacy_level_option_mismatch")
        }
        guard options.isAudited || (account.isPrivate && privacy == "SELF_ONLY") else {
            throw .forbidden("unaudited_client_can_only_post_to_private_accounts")
        }
    }
}
