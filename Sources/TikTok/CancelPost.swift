internal import JSON

extension TikTokAPI {
    /// Asks TikTok to stop a post that it fetches from an address; uploads cannot be cancelled.
    ///
    /// Best effort: the post ends as failed with `publish_cancelled`, or it does not end so.
    /// Source: Media Transfer Guide, copy of 2026-09-11.
    ///
    /// - Returns: TikTok's log id.
    @discardableResult
    package func cancelPost(
        _ publishID: String,
        token: AccessToken
    ) async throws(TikTokError) -> String? {
        try await call(.cancelPost, token: token, body: ["publish_id": .string(publishID)]).logID
    }
}
