/// The calls this program makes; the raw value is a metrics label.
package enum Endpoint: String, Sendable, CaseIterable {
    case creatorInfo = "creator_info"
    case videoInit = "video_init"
    case inboxVideoInit = "inbox_video_init"
    case photoInit = "photo_init"
    case chunk = "chunk"
    case postStatus = "post_status"
    case cancelPost = "cancel_post"
    case videoList = "video_list"
    case userInfo = "user_info"
    case tokenExchange = "token_exchange"
    case tokenRefresh = "token_refresh"
    case tokenRevoke = "token_revoke"

    /// The path under the API's address; `nil` for chunks, whose address TikTok hands out.
    ///
    /// Every official path ends with a slash.
    package var path: String? {
        switch self {
        case .creatorInfo: "/v2/post/publish/creator_info/query/"
        case .videoInit: "/v2/post/publish/video/init/"
        case .inboxVideoInit: "/v2/post/publish/inbox/video/init/"
        case .photoInit: "/v2/post/publish/content/init/"
        case .chunk: nil
        case .postStatus: "/v2/post/publish/status/fetch/"
        case .cancelPost: "/v2/post/publish/cancel/"
        case .videoList: "/v2/video/list/"
        case .userInfo: "/v2/user/info/"
        case .tokenExchange, .tokenRefresh: "/v2/oauth/token/"
        case .tokenRevoke: "/v2/oauth/revoke/"
        }
    }

    /// Requests a minute for one access token; `nil` where TikTok documents no limit.
    ///
    /// The window slides over one minute and each call has its own. Source: the reference page of
    /// each call, copies of 2026-08-04 to 2026-09-11; Rate Limits page stamped 2026-08-04.
    package var requestsPerMinute: Int? {
        switch self {
        case .creatorInfo: 20
        case .videoInit, .inboxVideoInit, .photoInit: 6
        case .postStatus: 30
        case .videoList, .userInfo: 600
        case .chunk, .cancelPost, .tokenExchange, .tokenRefresh, .tokenRevoke: nil
        }
    }
}
