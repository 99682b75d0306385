internal import JSON

// MARK: What asks about creators and posts

extension SandboxState {
    /// Answers 200 on purpose when the creator cannot post now.
    func creatorInfo(
        _ request: SandboxRequest,
        _ caller: Caller,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        if !request.body.isEmpty { _ = try fields(of: request) }
        let account = caller.account
        if let code = directRefusal(account, at: now) {
            var refusal = Refusal.forbidden(code)
            refusal.status = 200
            throw refusal
        }
        return [
            "creator_avatar_url": .string("\(publicURL)/avatars/\(account.username).jpeg"),
            "creator_username": .string(account.username),
            "creator_nickname": .string(account.nickname),
            "privacy_level_options": .array(account.offeredPrivacy.map { .string($0) }),
            "comment_disabled": .bool(account.commentDisabled),
            "duet_disabled": .bool(account.duetDisabled || account.isPrivate),
            "stitch_disabled": .bool(account.stitchDisabled || account.isPrivate),
            "max_video_post_duration_sec": .integer(account.maxVideoSeconds),
        ]
    }

    func fetchStatus(
        _ request: SandboxRequest,
        _ caller: Caller,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        let post = try ownPost(request, caller)
        var data: [String: JSONValue] = ["status": .string(post.status(at: now, options))]
        if let reason = post.failReason(at: now, options) { data["fail_reason"] = .string(reason) }
        let ids = post.publicPostID(at: now, options).map { [JSONValue.integer($0)] } ?? []
        data["publicaly_available_post_id"] = .array(ids)
        let bytes = JSONValue.integer(post.bytes(at: now))
        if case .upload = post.source {
            data["uploaded_bytes"] = bytes
        } else {
            data["downloaded_bytes"] = bytes
        }
        return .object(data)
    }

    /// Pulls only, and only while the download has a way to go.
    mutating func cancel(
        _ request: SandboxRequest,
        _ caller: Caller,
        at now: Int64
    ) throws(Refusal) -> JSONValue? {
        let post = try ownPost(request, caller)
        let isEarly = post.bytes(at: now) < Post.simulatedBytes * 9 / 10
        guard case .pull = post.source, isEarly, !post.isFinal(at: now, options) else {
            throw Refusal(
                status: 400,
                code: "publish_not_cancellable",
                message: "The post can no longer be cancelled"
            )
        }
        posts[post.publishID]?.failure = "publish_cancelled"
        return nil
    }

    private func ownPost(
        _ request: SandboxRequest,
        _ caller: Caller
    ) throws(Refusal) -> Post {
        let publishID = try fields(of: request).requiredText("publish_id")
        guard let post = posts[publishID] else {
            throw Refusal(
                status: 400,
                code: "invalid_publish_id",
                message: "The publish_id does not exist"
            )
        }
        guard post.openID == caller.openID else {
            throw Refusal(
                status: 400,
                code: "token_not_authorized_for_specified_publish_id",
                message: "The publish_id belongs to another user or client",
                isViolation: true
            )
        }
        return post
    }

    // MARK: Display API

    static let videoFields = [
        "id", "create_time", "cover_image_url", "share_url", "video_description", "duration",
        "height", "width", "title", "embed_html", "embed_link", "like_count", "comment_count",
        "share_count", "view_count",
    ]

    /// Public posts of the caller, newest first; the cursor is a time in milliseconds.
    func listVideos(
        _ request: SandboxRequest,
        _ caller: Caller,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        let wanted = try wantedFields(request, known: Self.videoFields)
        let body = request.body.isEmpty ? try Fields([:]) : try fields(of: request)
        let limit = try body.integer("max_count") ?? 10
        guard (1...20).contains(limit) else { throw .invalid("max_count must be 1 to 20") }
        let cursor = try body.integer("cursor") ?? .max
        let found = (publishIDsOfAccount[caller.openID] ?? []).reversed()
            .compactMap { posts[$0] }
            .filter { $0.createdAt < cursor && $0.publicPostID(at: now, options) != nil }
        let page = found.prefix(Int(limit))
        return [
            "videos": .array(page.map { video($0, caller.account, wanted) }),
            "cursor": .integer(page.last?.createdAt ?? 0),
            "has_more": .bool(found.count > page.count),
        ]
    }

    private func video(_ post: Post, _ account: SandboxAccount, _ wanted: [String]) -> JSONValue {
        let all: [String: JSONValue] = [
            "id": .string(String(post.postID)),
            "create_time": .integer(post.createdAt / 1000),
            "share_url": .string(
                "https://www.tiktok.com/@\(account.username)/video/\(post.postID)"
            ),
            "title": .string(post.title),
            "video_description": .string(post.title),
            "like_count": 0, "comment_count": 0, "share_count": 0, "view_count": 0,
        ]
        return .object(all.filter { wanted.contains($0.key) })
    }

    func userInfo(_ request: SandboxRequest, _ caller: Caller) throws(Refusal) -> JSONValue {
        let account = caller.account
        let basic: [String: JSONValue] = [
            "open_id": .string(account.openID), "union_id": .string("union" + account.openID),
            "display_name": .string(account.nickname),
            "avatar_url": .string("\(publicURL)/avatars/\(account.username).jpeg"),
        ]
        let profile: [String: JSONValue] = [
            "username": .string(account.username), "bio_description": "", "is_verified": false,
            "profile_deep_link": .string("https://www.tiktok.com/@\(account.username)"),
        ]
        let stats: [String: JSONValue] = [
            "follower_count": 0, "following_count": 0, "likes_count": 0, "video_count": 0,
        ]
        let wanted = try wantedFields(request, known: [basic, profile, stats].flatMap(\.keys))
        for (scope, members) in [("user.info.profile", profile), ("user.info.stats", stats)] {
            guard wanted.contains(where: members.keys.contains), !caller.scopes.contains(scope)
            else { continue }
            throw Refusal(
                status: 400,
                code: "scope_permission_missed",
                message: "The field needs the scope \(scope)"
            )
        }
        let all = basic.merging(profile) { one, _ in one }.merging(stats) { one, _ in one }
        return ["user": .object(all.filter { wanted.contains($0.key) })]
    }

    private func wantedFields(
        _ request: SandboxRequest,
        known: [String]
    ) throws(Refusal) -> [String] {
        let wanted = (request.queryValue("fields") ?? "").split(separator: ",").map(String.init)
        guard !wanted.isEmpty else { throw .invalid("fields is required") }
        guard wanted.allSatisfy(known.contains) else {
            throw .invalid("fields names an unknown one")
        }
        return wanted
    }
}
