package import JSON

/// The call that opens a post: all that TikTok is told but who asks.
package struct PostInit: Sendable, Equatable {
    package let endpoint: Endpoint
    package let body: JSONValue
    /// Whether TikTok answers with an address to upload to.
    let needsAddress: Bool

    package static let method = "POST"

    private init(_ endpoint: Endpoint, _ body: JSONValue, needsAddress: Bool = false) {
        self.endpoint = endpoint
        self.body = body
        self.needsAddress = needsAddress
    }

    /// A direct video post; needs the scope `video.publish`.
    package static func video(_ post: VideoPost, from source: VideoSource) -> PostInit {
        PostInit(
            .videoInit,
            ["post_info": post.json, "source_info": source.json],
            needsAddress: source.isUpload
        )
    }

    /// A video draft in the owner's inbox; needs the scope `video.upload`.
    ///
    /// It carries no caption and no audience: the owner chooses them in the TikTok app.
    package static func videoDraft(from source: VideoSource) -> PostInit {
        PostInit(.inboxVideoInit, ["source_info": source.json], needsAddress: source.isUpload)
    }

    /// A photo post: `video.publish` for a direct one, `video.upload` for a draft.
    ///
    /// TikTok goes on by itself from here: after a lost answer the post is in doubt, see
    /// `TikTokError.mayHaveTakenEffect`.
    package static func photos(_ post: PhotoPost) -> PostInit {
        PostInit(.photoInit, post.json)
    }
}

/// A post TikTok has opened.
package struct OpenedPost: Sendable, Equatable {
    /// Tracks the post; keep it for ever.
    ///
    /// Documented as at most 64 characters.
    package let publishID: String
    /// Where the chunks go, for one hour; `nil` when TikTok fetches the media itself.
    package let uploadAddress: UploadAddress?
    package let logID: String?
}

extension TikTokAPI {
    /// Opens a post.
    ///
    /// - Throws: `.unsafeUploadAddress` when TikTok names a host that is not allowed.
    package func open(_ post: PostInit, token: AccessToken) async throws(TikTokError) -> OpenedPost
    {
        let answer = try await call(
            post.endpoint,
            token: token,
            body: post.body,
            method: PostInit.method
        )
        return try opened(answer, needsAddress: post.needsAddress)
    }

    private func opened(
        _ answer: Envelope,
        needsAddress: Bool
    ) throws(TikTokError) -> OpenedPost {
        guard let publishID = answer.data["publish_id"]?.someText,
            publishID.utf8.count <= 4 * UploadLimits.publishIDCharactersMax,
            publishID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw answer.unreadable("no usable publish_id") }
        var address: UploadAddress?
        if needsAddress {
            guard let text = answer.data["upload_url"]?.someText else {
                throw answer.unreadable("no upload_url")
            }
            do throws(UploadAddressError) {
                address = try UploadAddress(text, hosts: uploadHosts)
            } catch {
                throw .unsafeUploadAddress(answer.endpoint, error, logID: answer.logID)
            }
        }
        return OpenedPost(publishID: publishID, uploadAddress: address, logID: answer.logID)
    }
}
