import Testing
import TikTok

struct ErrorCatalogueTests {
    /// Every code of the API's tables, of OAuth and of `fail_reason`, and those seen in code only,
    /// written down from the pages and not from our enumeration.
    static let codes: [String] = """
        access_token_invalid scope_not_authorized scope_permission_missed rate_limit_exceeded
        internal_error invalid_param invalid_params invalid_file_upload app_version_check_failed
        invalid_publish_id token_not_authorized_for_specified_publish_id publish_not_cancellable
        spam_risk_too_many_posts spam_risk_user_banned_from_posting
        spam_risk_too_many_pending_share reached_active_user_cap
        unaudited_client_can_only_post_to_private_accounts url_ownership_unverified
        privacy_level_option_mismatch access_token_expired token_expired
        user_has_no_video_post_permission
        file_format_check_failed duration_check_failed frame_rate_check_failed
        picture_size_check_failed internal video_pull_failed photo_pull_failed publish_cancelled
        auth_removed spam_risk_text spam_risk video_bitrate_check_failed video_format_check_failed
        privacy_level_not_authorized
        invalid_grant invalid_request invalid_client unauthorized_client invalid_scope access_denied
        unsupported_grant_type unsupported_response_type server_error temporarily_unavailable
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test(arguments: codes)
    func `every code of TikTok's has its own entry`(code: String) {
        let read = TikTokErrorCode(code)
        let entry = ErrorCatalogue.entry(for: read, httpStatus: 400)

        guard case .known(let known) = read else {
            Issue.record("\(code) is not known")
            return
        }
        #expect(entry.code == known)
        #expect(entry.codeText == (code == "invalid_params" ? "invalid_param" : code))
    }

    @Test func `no entry is missing, double or empty`() {
        let entries = ErrorCatalogue.entries

        #expect(entries.map(\.code).count == Set(entries.map(\.code)).count)
        #expect(Set(entries.map(\.code)) == Set(TikTokErrorCode.Known.allCases))
        for entry in entries {
            #expect(entry.message.hasSuffix("."), "\(entry.codeText)")
            #expect(entry.action.hasSuffix("."), "\(entry.codeText)")
        }
    }

    @Test(arguments: [
        ("access_token_invalid", ErrorTreatment.refreshToken, ErrorOwner.creator),
        ("scope_not_authorized", .reauthorise, .creator),
        ("rate_limit_exceeded", .wait(.rateLimit), .tiktok),
        ("internal_error", .retry, .tiktok),
        ("invalid_params", .permanent, .upstream),
        ("spam_risk_too_many_posts", .wait(.dailyPosts), .creator),
        ("spam_risk_too_many_pending_share", .wait(.pendingDrafts), .creator),
        ("spam_risk_user_banned_from_posting", .permanent, .creator),
        ("reached_active_user_cap", .wait(.activeCreators), .operator),
        ("unaudited_client_can_only_post_to_private_accounts", .permanent, .operator),
        ("url_ownership_unverified", .permanent, .operator),
        ("privacy_level_option_mismatch", .permanent, .upstream),
        ("invalid_publish_id", .inDoubt, .creator),
        ("internal", .startAgain, .tiktok),
        ("video_pull_failed", .startAgain, .operator),
        ("publish_cancelled", .cancelled, .upstream),
        ("auth_removed", .reauthorise, .creator),
        ("invalid_grant", .reauthorise, .creator),
        ("invalid_client", .permanent, .operator),
        ("server_error", .retry, .tiktok),
    ])
    func `a code is treated as the policy says`(
        code: String,
        treatment: ErrorTreatment,
        owner: ErrorOwner
    ) {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode(code), httpStatus: 200)

        #expect(entry.treatment == treatment)
        #expect(entry.owner == owner)
    }

    @Test(arguments: [
        (200, ErrorTreatment.permanent), (400, .permanent), (403, .permanent), (302, .retry),
        (500, .retry), (503, .retry),
    ])
    func `an unknown code is judged by its status`(status: Int, treatment: ErrorTreatment) {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode("brand_new"), httpStatus: status)

        #expect(entry.treatment == treatment)
        #expect(entry.codeText == "brand_new")
        #expect(entry.message.contains("brand_new"))
    }

    @Test func `an unknown reason of failure is permanent`() {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode("new_check_failed"), httpStatus: nil)

        #expect(entry.treatment == .permanent)
    }

    @Test func `a code nobody knows is made fit for labels`() {
        #expect(TikTokErrorCode("Evil\n\"code\"{}").text == "evil__code___")
        #expect(TikTokErrorCode(String(repeating: "a", count: 500)).text.count == 64)
        #expect(TikTokErrorCode("").text == "empty")
    }
}
