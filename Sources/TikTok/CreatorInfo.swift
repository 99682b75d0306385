internal import JSON

/// What TikTok lets this creator post at the moment; TikTok wants it asked before every post.
///
/// Source: Query Creator Info reference, undated copy.
package struct CreatorInfo: Sendable, Equatable {
    /// The handle, without `@`.
    package let username: String?
    /// The name to show before posting.
    package let nickname: String?
    /// Valid for two hours.
    package let avatarURL: String?
    /// What may be chosen now; never empty.
    package let privacyLevels: [PrivacyLevel]
    package let isCommentDisabled: Bool
    /// Says nothing about photos; neither do the next two.
    package let isDuetDisabled: Bool
    package let isStitchDisabled: Bool
    /// Longest video of this creator, in seconds; 300, 600 and 3600 were seen.
    package let longestVideoSeconds: Int64?
    package let logID: String?
}

extension TikTokAPI {
    /// Asks what the creator may post; needs the scope `video.publish`.
    ///
    /// - Throws: `.refused` with HTTP 200 when a daily cap is reached or the creator is banned.
    package func creatorInfo(token: AccessToken) async throws(TikTokError) -> CreatorInfo {
        let answer = try await call(.creatorInfo, token: token, body: [:])
        let data = answer.data
        let levels = (data["privacy_level_options"]?.array ?? []).prefix(32)
            .compactMap(\.someText).map(PrivacyLevel.init(tiktokName:))
        guard !levels.isEmpty else { throw answer.unreadable("no privacy_level_options") }
        return CreatorInfo(
            username: data["creator_username"]?.someText,
            nickname: data["creator_nickname"]?.someText,
            avatarURL: data["creator_avatar_url"]?.someText,
            privacyLevels: levels,
            isCommentDisabled: data["comment_disabled"]?.bool ?? false,
            isDuetDisabled: data["duet_disabled"]?.bool ?? false,
            isStitchDisabled: data["stitch_disabled"]?.bool ?? false,
            longestVideoSeconds: data["max_video_post_duration_sec"]?.wholeNumber,
            logID: answer.logID
        )
    }
}
