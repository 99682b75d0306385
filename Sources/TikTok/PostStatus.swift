internal import HTTP
internal import JSON

/// How far TikTok is with a post.
///
/// Source: Get Post Status reference, page stamped 2026-08-04.
package struct PostStatus: Sendable, Equatable {
    package let stage: PostStage
    /// With `failed`; the rawest form is in the code's `text`.
    package let failReason: TikTokErrorCode?
    /// Where the post can be seen; a draft may give several.
    ///
    /// Empty for posts that are not public, for ever, and until moderation is done for the others.
    package let postIDs: [PostID]
    /// Bytes TikTok has of an upload; see `ChunkReply.resuming`.
    package let uploadedBytes: Int64?
    /// Bytes TikTok has fetched of a pulled post.
    package let downloadedBytes: Int64?
    package let logID: String?
}

/// TikTok's word for the state of a post.
package enum PostStage: Sendable, Hashable {
    case processingUpload
    case processingDownload
    /// The draft is in the owner's inbox; it becomes `publishComplete` when the owner posts it.
    case sentToInbox
    case publishComplete
    case failed
    /// A word that is not listed: keep asking.
    case unknown(String)

    package init(_ text: String) {
        self =
            switch text {
            case "PROCESSING_UPLOAD": .processingUpload
            case "PROCESSING_DOWNLOAD": .processingDownload
            case "SEND_TO_USER_INBOX": .sentToInbox
            case "PUBLISH_COMPLETE": .publishComplete
            case "FAILED": .failed
            default: .unknown(text.cleaned(limit: 64))
            }
    }

    /// Whether asking again can show something else that matters to a worker.
    package var isFinal: Bool {
        switch self {
        case .sentToInbox, .publishComplete, .failed: true
        case .processingUpload, .processingDownload, .unknown: false
        }
    }
}

extension TikTokAPI {
    /// Asks how far a post is; either publishing scope will do.
    package func postStatus(
        of publishID: String,
        token: AccessToken
    ) async throws(TikTokError) -> PostStatus {
        let answer = try await call(
            .postStatus,
            token: token,
            body: ["publish_id": .string(publishID)]
        )
        guard let status = answer.data["status"]?.string else {
            throw answer.unreadable("no status")
        }
        let data = answer.data
        // The misspelt name is the documented one; the other has not been seen live.
        let ids = ["publicaly_available_post_id", "publicly_available_post_id"]
            .map { PostID.list(data[$0]) }
        return PostStatus(
            stage: PostStage(status),
            failReason: data["fail_reason"]?.string.flatMap {
                $0.isEmpty ? nil : TikTokErrorCode($0)
            },
            postIDs: ids.first { !$0.isEmpty } ?? [],
            uploadedBytes: data["uploaded_bytes"]?.wholeNumber,
            downloadedBytes: data["downloaded_bytes"]?.wholeNumber,
            logID: answer.logID
        )
    }
}
