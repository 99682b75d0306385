/// What can be asked of the stand-in; the raw value names it in faults, journal and report.
package enum SandboxEndpoint: String, Sendable, Hashable, CaseIterable {
    case token
    case revoke
    case creatorInfo = "creator_info"
    case videoInit = "video_init"
    case inboxInit = "inbox_init"
    case contentInit = "content_init"
    case status
    case cancel
    case videoList = "video_list"
    case userInfo = "user_info"
    /// PUT to an upload address.
    case upload
    /// PUT without any rule, for measuring.
    case sink
    /// A path TikTok does not have.
    case unknown

    var path: String? {
        switch self {
        case .token: "/v2/oauth/token/"
        case .revoke: "/v2/oauth/revoke/"
        case .creatorInfo: "/v2/post/publish/creator_info/query/"
        case .videoInit: "/v2/post/publish/video/init/"
        case .inboxInit: "/v2/post/publish/inbox/video/init/"
        case .contentInit: "/v2/post/publish/content/init/"
        case .status: "/v2/post/publish/status/fetch/"
        case .cancel: "/v2/post/publish/cancel/"
        case .videoList: "/v2/video/list/"
        case .userInfo: "/v2/user/info/"
        case .upload: "/video/"
        case .sink: "/sink"
        case .unknown: nil
        }
    }

    var method: String {
        switch self {
        case .userInfo: "GET"
        case .upload, .sink: "PUT"
        default: "POST"
        }
    }

    /// The shape of its answers.
    var family: Family {
        switch self {
        case .token, .revoke: .oauth
        case .upload, .sink: .bytes
        default: .envelope
        }
    }

    enum Family {
        /// `{"data":…,"error":{"code":…}}`
        case envelope
        /// `{"error":"…","error_description":"…"}`
        case oauth
        /// Bare HTTP.
        case bytes
    }

    /// Scopes of which one is needed.
    var scopes: [String] {
        switch self {
        case .creatorInfo, .videoInit: ["video.publish"]
        case .inboxInit: ["video.upload"]
        case .contentInit, .status, .cancel: ["video.publish", "video.upload"]
        case .videoList: ["video.list"]
        case .userInfo: ["user.info.basic"]
        default: []
        }
    }

    init(path: String) {
        self = Self.allCases.first { $0.path == path } ?? .unknown
    }
}
