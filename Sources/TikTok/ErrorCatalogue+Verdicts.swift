/// Reasons why a post failed, OAuth errors, and our own codes.
extension ErrorCatalogue {
    static let verdicts: [ErrorEntry] =
        mediaVerdicts + [
            ErrorEntry(
                .internalFault,
                .startAgain,
                .tiktok,
                "TikTok had a temporary fault while it worked on the post.",
                "Nothing; it is posted again."
            ),
            ErrorEntry(
                .publishCancelled,
                .cancelled,
                .upstream,
                "The post was cancelled before TikTok published it.",
                "Nothing, unless it should be posted after all: then send it as a new job."
            ),
            ErrorEntry(
                .authRemoved,
                .reauthorise,
                .creator,
                "Access to the account was removed while TikTok worked on the post.",
                "Connect the account again; the post begins anew by itself then."
            ),
            ErrorEntry(
                .spamRiskText,
                .permanent,
                .creator,
                "TikTok judged the caption risky.",
                "Change the text and post it again."
            ),
            ErrorEntry(
                .spamRisk,
                .permanent,
                .creator,
                "TikTok judged the post risky.",
                "Look at the account in the TikTok app; post something else."
            ),
        ]

    private static let mediaVerdicts: [ErrorEntry] = [
        formatRefused(.fileFormatCheckFailed),
        formatRefused(.videoFormatCheckFailed),
        mediaRefused(
            .videoBitrateCheckFailed,
            "TikTok does not take the video's bit rate.",
            "Export it with a usual bit rate and \(again)."
        ),
        mediaRefused(
            .durationCheckFailed,
            "The video is longer or shorter than this account may post.",
            "Shorten it to what the account's settings allow and \(again)."
        ),
        mediaRefused(
            .frameRateCheckFailed,
            "TikTok does not take the video's frame rate.",
            "Export it at 23 to 60 frames a second and \(again)."
        ),
        mediaRefused(
            .pictureSizeCheckFailed,
            "TikTok does not take the picture size.",
            "Bring it to 360 to 4096 pixels a side, a photo to at most 1080p, and \(again)."
        ),
        pullFailed(.videoPullFailed),
        pullFailed(.photoPullFailed),
    ]

    private static func formatRefused(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        mediaRefused(
            code,
            "TikTok does not take the file's format.",
            "Export a video as MP4 with H.264, a photo as JPEG or WebP, and \(again)."
        )
    }

    private static func mediaRefused(
        _ code: TikTokErrorCode.Known,
        _ message: String,
        _ action: String
    ) -> ErrorEntry {
        ErrorEntry(code, .permanent, .upstream, message, action)
    }

    private static func pullFailed(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        ErrorEntry(
            code,
            .startAgain,
            .operator,
            "TikTok could not fetch the media.",
            "Check that the address is public https, without redirects, and fast enough."
        )
    }

    static let oauth: [ErrorEntry] = [
        ErrorEntry(
            .invalidGrant,
            .reauthorise,
            .creator,
            "The connection has ended: its token is expired, used, revoked or of another app.",
            "Connect the account again."
        ),
        ErrorEntry(
            .accessDenied,
            .reauthorise,
            .creator,
            "Access was not granted.",
            "Connect the account again and approve the request."
        ),
        misconfigured(.invalidRequest, "TikTok rejected the form of our token request."),
        misconfigured(.invalidClient, "TikTok does not accept the app's key or secret."),
        misconfigured(.unauthorizedClient, "The app may not ask for tokens in this way."),
        misconfigured(.invalidScope, "The app asks for a permission TikTok did not grant it."),
        misconfigured(.unsupportedGrantType, "TikTok does not know our kind of token request."),
        misconfigured(
            .unsupportedResponseType,
            "TikTok does not know our kind of consent request."
        ),
        temporaryOAuthFault(.serverError),
        temporaryOAuthFault(.temporarilyUnavailable),
    ]

    private static func misconfigured(
        _ code: TikTokErrorCode.Known,
        _ message: String
    ) -> ErrorEntry {
        ErrorEntry(
            code,
            .permanent,
            .operator,
            message,
            "Compare client key, secret, redirect address and scopes with TikTok's portal."
        )
    }

    private static func temporaryOAuthFault(_ code: TikTokErrorCode.Known) -> ErrorEntry {
        ErrorEntry(
            code,
            .retry,
            .tiktok,
            "TikTok's token service had a temporary fault.",
            "Nothing; it is tried again."
        )
    }

    static let ours: [ErrorEntry] = [
        ErrorEntry(
            .unreachable,
            .retry,
            .operator,
            "TikTok could not be reached.",
            "Check the network if this lasts; it is tried again."
        ),
        ErrorEntry(
            .unreadableReply,
            .retry,
            .tiktok,
            "TikTok's answer could not be understood.",
            "Nothing yet; it is tried again."
        ),
        ErrorEntry(
            .unsafeUploadAddress,
            .permanent,
            .operator,
            "TikTok named an upload address that is not on the list of allowed hosts.",
            "If the host is TikTok's, add it to TIKTOK_UPLOAD_HOSTS and \(again)."
        ),
    ]
}
