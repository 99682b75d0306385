/// A code from TikTok, or one of ours for an answer that has none.
package enum TikTokErrorCode: Hashable, Sendable, CustomStringConvertible {
    case known(Known)
    /// A code that is in no list yet, cleaned: at most 64 of `a–z 0–9 _ . -`.
    case unknown(String)

    /// Reads a code as TikTok writes it.
    ///
    /// The pages say `invalid_param`, the live API says `invalid_params`: one code.
    package init(_ text: String) {
        let spelled = text == "invalid_params" ? "invalid_param" : text
        self = Known(rawValue: spelled).map { .known($0) } ?? .unknown(Self.clean(spelled))
    }

    /// The code of an answer without a readable body.
    package init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 401: .known(.accessTokenInvalid)
            case 429: .known(.rateLimitExceeded)
            case 500...599: .known(.internalError)
            case 200...299: .known(.unreadableReply)
            default: .unknown("http_\(httpStatus)")
            }
    }

    /// The code as it is stored and counted.
    package var text: String {
        switch self {
        case .known(let code): code.rawValue
        case .unknown(let text): text
        }
    }

    package var description: String { text }

    /// Safe as a metrics label, a column and a log field, whatever was sent.
    private static func clean(_ text: String) -> String {
        let kept = text.lowercased().unicodeScalars.prefix(64).map { scalar in
            switch scalar {
            case "a"..."z", "0"..."9", "_", ".", "-": Character(scalar)
            default: Character("_")
            }
        }
        return kept.isEmpty ? "empty" : String(kept)
    }
}

extension TikTokErrorCode {
    /// Every code with an entry in the catalogue; the raw value is TikTok's spelling.
    package enum Known: String, CaseIterable, Sendable {
        // Answers of the API.
        case accessTokenInvalid = "access_token_invalid"
        case accessTokenExpired = "access_token_expired"
        case tokenExpired = "token_expired"
        case scopeNotAuthorized = "scope_not_authorized"
        case scopePermissionMissed = "scope_permission_missed"
        case rateLimitExceeded = "rate_limit_exceeded"
        case internalError = "internal_error"
        case invalidParam = "invalid_param"
        case invalidFileUpload = "invalid_file_upload"
        case appVersionCheckFailed = "app_version_check_failed"
        case invalidPublishID = "invalid_publish_id"
        case tokenNotAuthorizedForPublishID = "token_not_authorized_for_specified_publish_id"
        case publishNotCancellable = "publish_not_cancellable"
        case tooManyPosts = "spam_risk_too_many_posts"
        case userBannedFromPosting = "spam_risk_user_banned_from_posting"
        case userHasNoPostPermission = "user_has_no_video_post_permission"
        case tooManyPendingShares = "spam_risk_too_many_pending_share"
        case reachedActiveUserCap = "reached_active_user_cap"
        case unauditedClient = "unaudited_client_can_only_post_to_private_accounts"
        case urlOwnershipUnverified = "url_ownership_unverified"
        case privacyLevelMismatch = "privacy_level_option_mismatch"
        case privacyLevelNotAuthorized = "privacy_level_not_authorized"

        // Reasons why a post failed.
        case fileFormatCheckFailed = "file_format_check_failed"
        case videoFormatCheckFailed = "video_format_check_failed"
        case videoBitrateCheckFailed = "video_bitrate_check_failed"
        case durationCheckFailed = "duration_check_failed"
        case frameRateCheckFailed = "frame_rate_check_failed"
        case pictureSizeCheckFailed = "picture_size_check_failed"
        case internalFault = "internal"
        case videoPullFailed = "video_pull_failed"
        case photoPullFailed = "photo_pull_failed"
        case publishCancelled = "publish_cancelled"
        case authRemoved = "auth_removed"
        case spamRiskText = "spam_risk_text"
        case spamRisk = "spam_risk"

        // OAuth.
        case invalidGrant = "invalid_grant"
        case invalidRequest = "invalid_request"
        case invalidClient = "invalid_client"
        case unauthorizedClient = "unauthorized_client"
        case invalidScope = "invalid_scope"
        case accessDenied = "access_denied"
        case unsupportedGrantType = "unsupported_grant_type"
        case unsupportedResponseType = "unsupported_response_type"
        case serverError = "server_error"
        case temporarilyUnavailable = "temporarily_unavailable"

        // Ours, for answers without a code.
        case unreachable = "unreachable"
        case unreadableReply = "unreadable_reply"
        case unsafeUploadAddress = "unsafe_upload_address"
    }
}
