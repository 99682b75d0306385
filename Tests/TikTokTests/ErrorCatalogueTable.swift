import Testing
import TikTok

/// A code of TikTok's as one of its pages has it, and what this program must make of it.
///
/// Written down from the pages, not from the catalogue that is tested with it.
struct DocumentedCode: Sendable, CustomTestStringConvertible {
    let code: String
    /// Pages of developers.tiktok.com that list it.
    let pages: [Page]
    let treatment: ErrorTreatment
    let owner: ErrorOwner

    var testDescription: String { code }

    init(
        _ code: String,
        _ pages: [Page],
        _ treatment: ErrorTreatment,
        _ owner: ErrorOwner
    ) {
        self.code = code
        self.pages = pages
        self.treatment = treatment
        self.owner = owner
    }

    /// A page, its section and the date of the copy that was read.
    enum Page: String, Sendable, CaseIterable {
        case creatorInfo = "Query Creator Info, Error codes, undated copy"
        case directPost = "Direct Post, Error codes, 2026-09-11"
        case inboxVideo = "Upload Content, Error codes, undated copy"
        case photoPost = "Photo Post, Error codes, 2026-09-11"
        case postStatus = "Get Post Status, Error codes, stamped 2026-08-04"
        case failReason = "Get Post Status, Fail reasons, stamped 2026-08-04"
        case cancel = "Media Transfer Guide, Cancel a post, 2026-09-11"
        case general = "API v2 Error Handling, undated copy"
        case oauth = "OAuth Error Handling, undated copy"
        case tokens = "Manage User Access Tokens, 2026-10-07"
        /// In no page: names that public code handles.
        case seenInCode = "seen in public code only, 2026-11"
    }
}

extension DocumentedCode {
    private static let everyCall: [Page] = [
        .creatorInfo, .directPost, .inboxVideo, .photoPost, .postStatus, .cancel,
    ]
    private static let posts: [Page] = [.directPost, .photoPost]

    /// Answers of the API.
    static let answers = [
        DocumentedCode("access_token_invalid", everyCall, .refreshToken, .creator),
        DocumentedCode("scope_not_authorized", everyCall, .reauthorise, .creator),
        DocumentedCode("scope_permission_missed", [.general], .reauthorise, .creator),
        DocumentedCode("rate_limit_exceeded", everyCall, .wait(.rateLimit), .tiktok),
        DocumentedCode("internal_error", [.photoPost, .postStatus, .cancel], .retry, .tiktok),
        DocumentedCode(
            "invalid_param",
            [.directPost, .inboxVideo, .photoPost],
            .permanent,
            .upstream
        ),
        DocumentedCode("invalid_params", [.seenInCode], .permanent, .upstream),
        DocumentedCode("invalid_file_upload", [.general], .permanent, .upstream),
        DocumentedCode("app_version_check_failed", [.photoPost], .permanent, .creator),
        DocumentedCode("invalid_publish_id", [.postStatus, .cancel], .inDoubt, .creator),
        DocumentedCode(
            "token_not_authorized_for_specified_publish_id",
            [.postStatus, .cancel],
            .inDoubt,
            .operator
        ),
        DocumentedCode("publish_not_cancellable", [.cancel], .permanent, .upstream),
        DocumentedCode(
            "spam_risk_too_many_posts",
            posts + [.creatorInfo, .failReason],
            .wait(.dailyPosts),
            .creator
        ),
        DocumentedCode(
            "spam_risk_user_banned_from_posting",
            posts + [.creatorInfo, .inboxVideo, .failReason],
            .permanent,
            .creator
        ),
        DocumentedCode(
            "spam_risk_too_many_pending_share",
            [.inboxVideo, .photoPost],
            .wait(.pendingDrafts),
            .creator
        ),
        DocumentedCode(
            "reached_active_user_cap",
            posts + [.creatorInfo],
            .wait(.activeCreators),
            .operator
        ),
        DocumentedCode(
            "unaudited_client_can_only_post_to_private_accounts",
            posts,
            .permanent,
            .operator
        ),
        DocumentedCode(
            "url_ownership_unverified",
            posts + [.inboxVideo, .cancel],
            .permanent,
            .operator
        ),
        DocumentedCode("privacy_level_option_mismatch", posts, .permanent, .upstream),
        DocumentedCode("access_token_expired", [.seenInCode], .refreshToken, .creator),
        DocumentedCode("token_expired", [.seenInCode], .refreshToken, .creator),
        DocumentedCode("user_has_no_video_post_permission", [.seenInCode], .permanent, .creator),
    ]

    /// Reasons why a post failed that TikTok had taken.
    static let reasons = [
        DocumentedCode("file_format_check_failed", [.failReason], .permanent, .upstream),
        DocumentedCode("duration_check_failed", [.failReason], .permanent, .upstream),
        DocumentedCode("frame_rate_check_failed", [.failReason], .permanent, .upstream),
        DocumentedCode("picture_size_check_failed", [.failReason], .permanent, .upstream),
        DocumentedCode("internal", [.failReason], .startAgain, .tiktok),
        DocumentedCode("video_pull_failed", [.failReason], .startAgain, .operator),
        DocumentedCode("photo_pull_failed", [.failReason], .startAgain, .operator),
        DocumentedCode("publish_cancelled", [.failReason], .cancelled, .upstream),
        DocumentedCode("auth_removed", [.failReason], .reauthorise, .creator),
        DocumentedCode("spam_risk_text", [.failReason], .permanent, .creator),
        DocumentedCode("spam_risk", [.failReason], .permanent, .creator),
        DocumentedCode("video_bitrate_check_failed", [.seenInCode], .permanent, .upstream),
        DocumentedCode("video_format_check_failed", [.seenInCode], .permanent, .upstream),
        DocumentedCode("privacy_level_not_authorized", [.seenInCode], .permanent, .upstream),
    ]

    /// Answers of the token service.
    static let oauth = [
        DocumentedCode("invalid_grant", [.oauth, .tokens], .reauthorise, .creator),
        DocumentedCode("invalid_request", [.oauth], .permanent, .operator),
        DocumentedCode("invalid_client", [.oauth], .permanent, .operator),
        DocumentedCode("unauthorized_client", [.oauth], .permanent, .operator),
        DocumentedCode("invalid_scope", [.oauth], .permanent, .operator),
        DocumentedCode("access_denied", [.oauth], .reauthorise, .creator),
        DocumentedCode("unsupported_grant_type", [.oauth], .permanent, .operator),
        DocumentedCode("unsupported_response_type", [.oauth], .permanent, .operator),
        DocumentedCode("server_error", [.seenInCode], .retry, .tiktok),
        DocumentedCode("temporarily_unavailable", [.seenInCode], .retry, .tiktok),
    ]

    static let all = answers + reasons + oauth

    /// Codes of ours, for answers that have none.
    static let ours = ["unreachable", "unreadable_reply", "unsafe_upload_address"]
}
