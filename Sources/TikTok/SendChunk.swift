package import HTTP

/// What TikTok said to one chunk: a status and perhaps how far it is; the body means nothing.
package struct ChunkReceipt: Sendable, Equatable {
    package let httpStatus: Int
    /// How far TikTok is, when the reply says so in a form that can be trusted.
    package let progress: ChunkProgress?
    package let retryAfter: Duration?

    /// Whether there was a progress that nobody can read: then what TikTok has is anybody's guess.
    package var isProgressUnreadable = false

    package init(httpStatus: Int, progress: ChunkProgress? = nil, retryAfter: Duration? = nil) {
        self.httpStatus = httpStatus
        self.progress = progress
        self.retryAfter = retryAfter
    }
}

/// The kinds of video TikTok takes.
///
/// Source: Media Transfer Guide, copy of 2026-09-11.
package enum VideoContentType: String, Sendable, CaseIterable {
    case mp4 = "video/mp4"
    case quickTime = "video/quicktime"
    case webM = "video/webm"
}

extension TikTokAPI {
    /// Sends one chunk to the address of its upload; chunks go in order, one at a time.
    ///
    /// No token goes with it: the address carries its own permission. The reply never passes
    /// through the JSON parsers; judge it with `ChunkReply`.
    ///
    /// - Parameters:
    ///   - chunk: which part of the file.
    ///   - type: what kind of video it is.
    ///   - body: exactly the bytes of the chunk.
    ///   - address: where to, from `OpenedPost`.
    ///   - deadline: from connecting to the last byte of the reply.
    /// - Returns: TikTok's reply, whatever it says.
    /// - Throws: `.transport` only; see `ChunkReply.afterLostReply`.
    package func sendChunk(
        _ chunk: Chunk,
        _ type: VideoContentType,
        body: HTTPBody,
        to address: UploadAddress,
        deadline: Duration
    ) async throws(TikTokError) -> ChunkReceipt {
        var request = HTTPRequest(
            "PUT",
            address.reveal(),
            headers: ["Content-Type": type.rawValue, "Content-Range": chunk.contentRange],
            body: body,
            limits: limits(total: deadline, responseBodyBytes: 64 * 1024),
            allowsPlainHTTP: address.isPlainHTTP
        )
        // A PUT counts as repeatable, but bytes sent twice unseen would make progress unreadable.
        request.mayRepeat = false
        let response = try await exchange(.chunk, request)
        let ranges = response.headers.all("Content-Range")
        // Two such headers contradict each other: neither is believed.
        let progress = ranges.count == 1 ? ChunkProgress(contentRange: ranges[0]) : nil
        var receipt = ChunkReceipt(
            httpStatus: response.status,
            progress: progress,
            retryAfter: RetryAfter.read(response.headers)
        )
        receipt.isProgressUnreadable = progress == nil && !ranges.isEmpty
        return receipt
    }
}
