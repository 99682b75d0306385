/// Codes of the API's answers.
extension ErrorCatalogue {
    static let connection: [ErrorEntry] = [
        tokenRefused(.accessTokenInvalid),
        tokenRefused(.accessTokenExpired),
        tokenRefused(.tokenExpired),
        ErrorEntry(
            .scopeNotAuthorized,
            .reauthorise,
            .creator,
            "The connection lacks the publishing permission.",
            "Connect the account again and leave every requested permission ticked."
        ),
        ErrorEntry(
            .scopePermissionMissed,
            .reauthorise,
            .creator,
            "The connection lacks a permission for profile or statistics fields.",
            "Connect the account again and leave every requested permission ticked."
        ),
    ]

    private static func tokenRefused(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        ErrorEntry(
            code,
            .refreshToken,
            .creator,
            "TikTok no longer accepts this connection.",
            "Connect the account again."
        )
    }

    static let limits: [ErrorEntry] = [
        ErrorEntry(
            .rateLimitExceeded,
            .wait(.rateLimit),
            .tiktok,
            "Too many requests for this account in one minute.",
            "Nothing; it goes on by itself."
        ),
        ErrorEntry(
            .tooManyPosts,
            .wait(.dailyPosts),
            .creator,
            "The account reached TikTok's limit for posts made through apps in 24 hours.",
            "Nothing, it is tried again later; or post this one from the TikTok app."
        ),
        ErrorEntry(
            .tooManyPendingShares,
            .wait(.pendingDrafts),
            .creator,
            "Too many drafts wait in the TikTok inbox; TikTok allows five in 24 hours.",
            "Post or discard some drafts in the TikTok app; it is tried again later."
        ),
        ErrorEntry(
            .reachedActiveUserCap,
            .wait(.activeCreators),
            .operator,
            "The TikTok app registration reached its number of accounts for 24 hours.",
            "Ask TikTok to raise the app's cap; it is tried again later."
        ),
    ]

    static let requests: [ErrorEntry] =
        postSettings + posting + [
            ErrorEntry(
                .internalError,
                .retry,
                .tiktok,
                "TikTok had a temporary fault.",
                "Nothing; it is tried again."
            ),
            ErrorEntry(
                .invalidPublishID,
                .inDoubt,
                .creator,
                "TikTok no longer knows this upload.",
                "Look at the TikTok profile whether it was posted."
            ),
            ErrorEntry(
                .tokenNotAuthorizedForPublishID,
                .inDoubt,
                .operator,
                "This upload belongs to another TikTok connection or another app.",
                "Check whether the account or the app was switched while the post was under way."
            ),
            ErrorEntry(
                .publishNotCancellable,
                .permanent,
                .upstream,
                "Too late to cancel: TikTok already finished it.",
                "Delete the post in the TikTok app if it must go."
            ),
        ]

    private static let postSettings: [ErrorEntry] = [
        ErrorEntry(
            .invalidParam,
            .permanent,
            .upstream,
            "TikTok rejected the settings of the post.",
            "Correct the post as TikTok's message says and send it as a new job."
        ),
        ErrorEntry(
            .invalidFileUpload,
            .permanent,
            .upstream,
            "The file does not meet TikTok's requirements.",
            "Export it as MP4 with H.264 and \(again)."
        ),
        audienceRefused(.privacyLevelMismatch),
        audienceRefused(.privacyLevelNotAuthorized),
        ErrorEntry(
            .urlOwnershipUnverified,
            .permanent,
            .operator,
            "TikTok may not fetch media from this address: its domain is not verified.",
            "Verify the domain or prefix in TikTok's developer portal, or upload the video instead."
        ),
    ]

    private static func audienceRefused(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        ErrorEntry(
            code,
            .permanent,
            .upstream,
            "That audience is not available for this account now.",
            "Choose one that the account offers now and send it as a new job."
        )
    }

    private static let posting: [ErrorEntry] = [
        ErrorEntry(
            .appVersionCheckFailed,
            .permanent,
            .creator,
            "The TikTok app on the creator's phone is too old for photo drafts.",
            "Update the TikTok app to 31.8 or later, then \(again)."
        ),
        bannedFromPosting(.userBannedFromPosting),
        bannedFromPosting(.userHasNoPostPermission),
        ErrorEntry(
            .unauditedClient,
            .permanent,
            .operator,
            "TikTok has not approved this app; it may only post privately to private accounts.",
            "Have the app audited. Until then: a private TikTok account, and the audience Only me."
        ),
    ]

    private static func bannedFromPosting(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        ErrorEntry(
            code,
            .permanent,
            .creator,
            "TikTok does not let this account post.",
            "Open the TikTok app to see the notice."
        )
    }
}
