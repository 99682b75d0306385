internal import JSON

/// Where the bytes of a video come from, after the rules.
enum SourceInfo {
    case upload(ChunkPlan)
    case pull

    static let chunkCountMax: Int64 = 1000
}

extension SandboxState {
    /// `source_info` of a video.
    func videoSource(_ fields: Fields) throws(Refusal) -> SourceInfo {
        switch try fields.requiredText("source") {
        case "FILE_UPLOAD":
            return .upload(try chunkPlan(fields))
        case "PULL_FROM_URL":
            try checkPullURL(try fields.requiredText("video_url"))
            return .pull
        default:
            throw .invalid("source_info.source must be FILE_UPLOAD or PULL_FROM_URL")
        }
    }

    /// The arithmetic of chunks.
    ///
    /// The count is the floor, so the last chunk may be nearly two chunks long (and with chunks of
    /// at most 64 MB stays below its own limit of 128 MB). A plan of one chunk must declare the
    /// whole file as the chunk: enforced live since August 2026.
    func chunkPlan(_ fields: Fields) throws(Refusal) -> ChunkPlan {
        let size = try fields.requiredInteger("video_size")
        let chunk = try fields.requiredInteger("chunk_size")
        let count = try fields.requiredInteger("total_chunk_count")
        let sizes = options.sizes
        guard (1...sizes.fileBytesMax).contains(size) else {
            throw .invalid("The video size is invalid")
        }
        guard (1...sizes.chunkBytesMax).contains(chunk), chunk <= size,
            chunk >= sizes.chunkBytesMin || chunk == size
        else { throw .invalid("The chunk size is invalid") }
        guard (1...SourceInfo.chunkCountMax).contains(count), count == size / chunk else {
            throw .invalid("The total chunk count is invalid")
        }
        guard count > 1 || chunk == size else { throw .invalid("The chunk size is invalid") }
        return ChunkPlan(size: size, chunk: chunk, count: count)
    }

    // MARK: Pulls

    /// Takes https below a verified prefix or domain, and plain http from this machine alone.
    ///
    /// Nothing is fetched.
    func checkPullURL(_ url: String) throws(Refusal) {
        let isLoopback = url.hasPrefix("http://127.0.0.1:")
        let scheme = isLoopback ? "http://" : "https://"
        guard url.hasPrefix(scheme), url.utf8.count <= 4096,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw .invalid("\(url.prefix(100)) is not an https URL") }
        let host = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }.lowercased()
        guard !host.isEmpty, !host.contains("@"), !host.contains("[") else {
            throw .invalid("The URL names no host")
        }
        // Dot segments would lead out of a verified prefix.
        guard !url.split(separator: "/").contains("..") else {
            throw .forbidden("url_ownership_unverified")
        }
        let isVerified =
            options.verifiedPrefixes.contains { $0.hasSuffix("/") && url.hasPrefix($0) }
            || options.verifiedDomains.contains { host == $0 || host.hasSuffix("." + $0) }
        guard isVerified else { throw .forbidden("url_ownership_unverified") }
    }
}
