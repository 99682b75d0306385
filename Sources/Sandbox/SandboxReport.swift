package import JSON

/// What the sandbox has seen so far: the verdict of a test.
package struct SandboxReport: Sendable {
    /// In the order they were begun.
    package let posts: [SandboxPost]
    package let violations: [SandboxViolation]
    /// Also those no longer listed.
    package let violationCount: Int
    /// Requests by endpoint, refused ones and those hit by a fault included.
    package let requests: [SandboxEndpoint: Int]

    /// Posts with this title that are out, or in the owner's inbox: more than one is a double post.
    package func delivered(titled title: String) -> [SandboxPost] {
        posts.filter { $0.title == title && $0.isDelivered }
    }
}

/// One post, or what became of it.
package struct SandboxPost: Sendable {
    package let publishID: String
    package let openID: String
    package let title: String
    /// `video` or `photo`.
    package let media: String
    /// `direct` or `draft`.
    package let mode: String
    package let privacy: String
    /// Milliseconds since 1970 by the sandbox's clock.
    package let createdAt: Int64
    package let bytes: Int64
    /// Of an upload whose bytes are all here, lowercase hex; otherwise empty.
    ///
    /// `mixed`: a chunk was sent again with other bytes.
    package let sha256: String
    package let status: String
    package let failReason: String?
    /// Once it is public.
    package let postID: Int64?

    package var isDelivered: Bool {
        status == "PUBLISH_COMPLETE" || status == "SEND_TO_USER_INBOX"
    }
}

extension SandboxState {
    package func report(at instant: Int64) -> SandboxReport {
        let now = instant + advancedBy
        return SandboxReport(
            posts: publishIDs.compactMap { posts[$0] }.map { row(of: $0, at: now) },
            violations: journal.violations,
            violationCount: journal.violationCount,
            requests: requestCounts
        )
    }

    private func row(of post: Post, at now: Int64) -> SandboxPost {
        var sha256 = ""
        if case .upload(let upload) = post.source { sha256 = upload.sha256 }
        return SandboxPost(
            publishID: post.publishID,
            openID: post.openID,
            title: post.title,
            media: post.media.rawValue,
            mode: post.mode.rawValue,
            privacy: post.privacy,
            createdAt: post.createdAt,
            bytes: post.bytes(at: now),
            sha256: sha256,
            status: post.status(at: now, options),
            failReason: post.failReason(at: now, options),
            postID: post.publicPostID(at: now, options)
        )
    }
}

// MARK: As JSON

extension SandboxReport {
    package var json: JSONValue {
        var titles: [String: Int64] = [:]
        for post in posts where post.isDelivered { titles[post.title, default: 0] += 1 }
        let requests = requests.map { ($0.key.rawValue, JSONValue.integer(Int64($0.value))) }
        return [
            "posts": .array(posts.map(\.json)),
            "delivered_per_title": .object(titles.mapValues { .integer($0) }),
            "violations": .array(violations.map(\.json)),
            "violation_count": .integer(Int64(violationCount)),
            "requests": .object(Dictionary(requests) { one, _ in one }),
        ]
    }
}

extension SandboxPost {
    var json: JSONValue {
        [
            "publish_id": .string(publishID), "open_id": .string(openID), "title": .string(title),
            "media": .string(media), "mode": .string(mode), "privacy": .string(privacy),
            "created_at": .integer(createdAt), "bytes": .integer(bytes),
            "sha256": .string(sha256), "status": .string(status),
            "fail_reason": failReason.map { .string($0) } ?? .null,
            "post_id": postID.map { .integer($0) } ?? .null,
        ]
    }
}

extension SandboxViolation {
    var json: JSONValue { ["at": .integer(at), "what": .string(what)] }
}

extension SandboxEntry {
    var json: JSONValue {
        [
            "number": .integer(number), "at": .integer(at), "began_at": .integer(beganAt),
            "endpoint": .string(endpoint.rawValue), "method": .string(method),
            "path": .string(path), "open_id": openID.map { .string($0) } ?? .null,
            "publish_id": publishID.map { .string($0) } ?? .null,
            "status": .integer(Int64(status)), "code": .string(code), "detail": .string(detail),
            "fault": fault.map { .string($0) } ?? .null,
        ]
    }
}
