/// One thing that was begun by an init, from then on.
struct Post {
    enum Media: String { case video, photo }
    enum Mode: String { case direct, draft }

    enum Source {
        case upload(Upload)
        /// Simulated: nothing is fetched.
        case pull
    }

    let publishID: String
    let openID: String
    let media: Media
    let mode: Mode
    var source: Source
    let title: String
    var privacy: String
    let createdAt: Int64
    /// Above 2^53, as TikTok's are; shown only once public.
    let postID: Int64
    /// When all bytes were there; of a pull, when they will be.
    var completeAt: Int64?
    /// How it will end when it is processed; `nil`: well.
    var verdict: String?
    /// The `fail_reason`, once it has failed before its verdict.
    var failure: String?
    /// The owner finished the draft in the app.
    var isUsedByOwner = false

    /// What a simulated download says it fetched.
    static let simulatedBytes: Int64 = 8_388_608

    func status(at now: Int64, _ options: SandboxOptions) -> String {
        if failure != nil { return "FAILED" }
        guard let verdictAt = verdictAt(options), now >= verdictAt else {
            guard case .upload = source else { return "PROCESSING_DOWNLOAD" }
            return "PROCESSING_UPLOAD"
        }
        if verdict != nil { return "FAILED" }
        if mode == .draft, !isUsedByOwner { return "SEND_TO_USER_INBOX" }
        return "PUBLISH_COMPLETE"
    }

    func failReason(at now: Int64, _ options: SandboxOptions) -> String? {
        guard status(at: now, options) == "FAILED" else { return nil }
        return failure ?? verdict
    }

    func isFinal(at now: Int64, _ options: SandboxOptions) -> Bool {
        !status(at: now, options).hasPrefix("PROCESSING")
    }

    func publicPostID(at now: Int64, _ options: SandboxOptions) -> Int64? {
        guard privacy == "PUBLIC_TO_EVERYONE", let verdictAt = verdictAt(options),
            now >= verdictAt + options.moderation.milliseconds,
            status(at: now, options) == "PUBLISH_COMPLETE"
        else { return nil }
        return postID
    }

    /// Never finished, and its address is dead: it holds no place under any cap.
    func isAbandoned(at now: Int64, _ options: SandboxOptions) -> Bool {
        completeAt == nil && now >= createdAt + options.uploadAddressSeconds * 1000
    }

    /// Bytes that are here.
    func bytes(at now: Int64) -> Int64 {
        switch source {
        case .upload(let upload):
            return upload.received
        case .pull:
            guard let completeAt, completeAt > createdAt, now < completeAt else {
                return Self.simulatedBytes
            }
            return Self.simulatedBytes * (now - createdAt) / (completeAt - createdAt)
        }
    }

    private func verdictAt(_ options: SandboxOptions) -> Int64? {
        completeAt.map { $0 + options.processing.milliseconds }
    }
}

/// The bytes of a post, as they arrive.
struct Upload {
    let uploadID: String
    let token: String
    let plan: ChunkPlan
    /// Bytes of whole chunks; what a broken chunk brought is forgotten.
    var received: Int64 = 0
    let digest = FileDigest()
    /// Lowercase hex of all bytes, once they are here.
    var sha256 = ""
    /// The attempt that may still count; a newer one makes an older one void.
    var attempt = 0

    var isComplete: Bool { received == plan.size }
}

/// How a file was declared to be cut.
struct ChunkPlan {
    let size: Int64
    let chunk: Int64
    let count: Int64

    /// The last byte of the chunk that begins at `offset`; the last chunk takes the remainder.
    func lastByte(from offset: Int64) -> Int64 {
        offset / chunk >= count - 1 ? size - 1 : offset + chunk - 1
    }
}

extension Duration {
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
