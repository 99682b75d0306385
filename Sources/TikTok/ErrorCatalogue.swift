/// What every code means for us: one entry a code, and a safe default for codes not met yet.
///
/// Source: the error tables of the Content Posting pages (copies of 2026-08-04 to 2026-09-11), the
/// OAuth error page (undated), and codes seen only in public code. What to do about each is ours.
package enum ErrorCatalogue {
    /// Every entry, in the order of the tables.
    package static let entries: [ErrorEntry] =
        connection + limits + requests + verdicts + oauth + ours

    /// The two ways on once what a post met with is mended: the second reads the same job document,
    /// and with it the file of the same name, again.
    static let again =
        "send it as a new job or bring it back with `tiktok-publisher dead retry JOB`"

    private static let byCode = Dictionary(
        entries.map { ($0.code, $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The entry of a code; an unknown one is judged by the HTTP status.
    ///
    /// There is no status when the code came as a reason why a post failed.
    package static func entry(for code: TikTokErrorCode, httpStatus: Int?) -> ErrorEntry {
        if case .known(let known) = code, let entry = byCode[known] { return entry }
        let isTemporary = (300...399).contains(httpStatus ?? 0) || (httpStatus ?? 0) >= 500
        return isTemporary ? unknownTemporary(code) : unknownPermanent(code)
    }

    private static func unknownTemporary(_ code: TikTokErrorCode) -> ErrorEntry {
        ErrorEntry(
            unlisted: code,
            .retry,
            .tiktok,
            "TikTok answered with a fault this program does not know: \(code.text).",
            "Nothing yet; it is tried again."
        )
    }

    private static func unknownPermanent(_ code: TikTokErrorCode) -> ErrorEntry {
        ErrorEntry(
            unlisted: code,
            .permanent,
            .operator,
            "TikTok refused with a code this program does not know: \(code.text).",
            "Ask TikTok about the code, quoting the log id; then \(again)."
        )
    }
}

/// What a code means, who can mend it, and what to tell them.
package struct ErrorEntry: Sendable, Equatable {
    /// `unreadableReply` stands in for a code that is not listed; `codeText` has the code itself.
    package let code: TikTokErrorCode.Known
    package let codeText: String
    package let treatment: ErrorTreatment
    package let owner: ErrorOwner
    /// What happened, one or two plain sentences.
    package let message: String
    /// What the owner should do.
    package let action: String

    init(
        _ code: TikTokErrorCode.Known,
        _ treatment: ErrorTreatment,
        _ owner: ErrorOwner,
        _ message: String,
        _ action: String
    ) {
        self.code = code
        codeText = code.rawValue
        self.treatment = treatment
        self.owner = owner
        self.message = message
        self.action = action
    }

    init(
        unlisted code: TikTokErrorCode,
        _ treatment: ErrorTreatment,
        _ owner: ErrorOwner,
        _ message: String,
        _ action: String
    ) {
        self.code = .unreadableReply
        codeText = code.text
        self.treatment = treatment
        self.owner = owner
        self.message = message
        self.action = action
    }
}

/// Who can mend an error; the raw value is a column of the history.
package enum ErrorOwner: String, Sendable, CaseIterable {
    /// The person whose TikTok account it is.
    case creator
    /// Whoever runs this program and the TikTok app registration.
    case `operator`
    /// The program that sent the job.
    case upstream
    /// Nobody but TikTok.
    case tiktok
}

/// What to do when a code comes.
package enum ErrorTreatment: Sendable, Hashable {
    /// The same call again, with back-off.
    case retry
    /// The post failed through no fault of its own: a new init with back-off, two or three times.
    case startAgain
    /// Wait without burning an attempt.
    case wait(WaitReason)
    /// Refresh the access token and repeat the call once; the second time: `reauthorise`.
    case refreshToken
    /// Only the account's owner can go on, by connecting the account again.
    case reauthorise
    /// This post will never be accepted as it is.
    case permanent
    /// Somebody stopped the post.
    case cancelled
    /// Whether it was posted cannot be told from here; never repeat it by itself.
    case inDoubt
}

/// Which limit of TikTok's was met.
package enum WaitReason: Sendable, Hashable, CaseIterable {
    /// Requests in one minute.
    case rateLimit
    /// Posts of the creator in a rolling 24 h, counted over every app.
    case dailyPosts
    /// Drafts in the creator's inbox that were neither posted nor thrown away.
    case pendingDrafts
    /// Creators who posted through this app in a rolling 24 h.
    case activeCreators

    /// How long to wait before asking again when TikTok does not say.
    ///
    /// The minute is TikTok's sliding window (Rate Limits, stamped 2026-08-04); the others are
    /// ours: the daily windows roll, so a slot may free at any hour.
    package var shortestWait: Duration {
        switch self {
        case .rateLimit: .seconds(60)
        case .dailyPosts: .seconds(4 * 3600)
        case .pendingDrafts, .activeCreators: .seconds(3600)
        }
    }
}
