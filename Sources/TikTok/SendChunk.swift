package import HTTP

/// What TikTok said to one chunk: a status and perhaps how far it is; the body means nothing.
package struct ChunkReceipt: Sendable, Equatable {
    package let httpStatus: Int
    /// How far TikTok is, when the reply says so in a form that can be trusted.
    package let progress: ChunkProgress?
    package let retryAfter: Duration?

    package init(httpStatus: Int, progress: ChunkProgress? = nil, retryAfter: Duration? = nil) {
        self.httpStatus = httpStatus
        self.progress = progress
        self.retryAfter = retryAfter
    }
}

/// The kinds of video TikTok takes. Source: Media Transfer Guide, copy of 2026-09-11.
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
    ///   - body: exactly the bytes of the chunk.
    ///   - deadline: from connecting to the last byte of the reply.
    /// - Throws: `.transport` only; see `ChunkReply.afterLostReply`.
    package func sendChunk(
        _ chunk: Chunk,
        _ type: VideoContentType,
        body: HTTPBody,
        to address: UploadAddress,
        deadline: Duration
    ) async throws(TikTokError) -> ChunkReceipt {
        let response = try await exchange(
            .chunk,
            HTTPRequest(
                method: "PUT",
                url: address.reveal(),
                headers: [
                    ("Content-Type", type.rawValue),
                    ("Content-Range", chunk.contentRange),
                ],
                body: body,
                limits: HTTPLimits(
                    connect: timeouts.connect,
                    total: deadline,
                    stalledAfter: timeouts.stalledAfter,
                    responseBodyBytes: 64 * 1024
                ),
                allowPlainHTTP: address.isPlainHTTP
            )
        )
        let ranges = response.headers.all("Content-Range")
        return ChunkReceipt(
            httpStatus: response.status,
            // Two such headers contradict each other: neither is believed.
            progress: ranges.count == 1 ? ChunkProgress(contentRange: ranges[0]) : nil,
            retryAfter: RetryAfter.read(response.headers)
        )
    }
}
