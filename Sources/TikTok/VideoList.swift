internal import JSON

/// A public video of the account, as far as it helps to recognise a post in doubt.
package struct ListedVideo: Sendable, Equatable {
    package let id: PostID
    /// Seconds since 1970.
    package let createdAt: Int64?
    package let title: String?
    /// The caption of the post.
    package let caption: String?
    package let durationSeconds: Int64?
    package let shareURL: String?
}

/// One page of the list, the newest video first.
package struct VideoPage: Sendable, Equatable {
    package let videos: [ListedVideo]
    /// Asks for the next page: milliseconds since 1970; `nil` on the last page.
    package let nextCursor: Int64?
    package let logID: String?
}

extension TikTokAPI {
    /// Lists public videos of the account; needs the scope `video.list`.
    ///
    /// A page has up to 20; the cursor is that of the page before.
    /// Source: Display API reference "List Videos", read 2026-11-22.
    package func videoList(
        after cursor: Int64? = nil,
        token: AccessToken
    ) async throws(TikTokError) -> VideoPage {
        var body: [String: JSONValue] = ["max_count": 20]
        if let cursor { body["cursor"] = .integer(cursor) }
        let answer = try await call(
            .videoList,
            token: token,
            body: .object(body),
            fields: ["id", "create_time", "title", "video_description", "duration", "share_url"],
            mayRepeat: true
        )
        let videos = (answer.data["videos"]?.array ?? []).prefix(100).compactMap(Self.listedVideo)
        let hasMore = answer.data["has_more"]?.bool ?? false
        return VideoPage(
            videos: videos,
            nextCursor: hasMore ? answer.data["cursor"]?.wholeNumber : nil,
            logID: answer.logID
        )
    }

    private static func listedVideo(_ value: JSONValue) -> ListedVideo? {
        guard let id = value["id"].flatMap({ PostID($0) }) else { return nil }
        return ListedVideo(
            id: id,
            createdAt: value["create_time"]?.wholeNumber,
            title: value["title"]?.someText,
            caption: value["video_description"]?.someText,
            durationSeconds: value["duration"]?.wholeNumber,
            shareURL: value["share_url"]?.someText
        )
    }
}
