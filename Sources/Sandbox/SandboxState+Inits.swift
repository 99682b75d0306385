internal import JSON

// MARK: What begins a post

extension SandboxState {
    mutating func initVideo(
        _ request: SandboxRequest,
        _ caller: Caller,
        verdict: String?,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        let body = try fields(of: request)
        let info = try PostInfo(video: try body.fields("post_info"))
        let source = try videoSource(try body.fields("source_info"))
        try checkAudience(info.privacy, of: caller.account)
        if let code = directRefusal(caller.account, at: now) { throw .forbidden(code) }
        return try begin(
            Beginning(media: .video, mode: .direct, info: info, source: source, verdict: verdict),
            caller,
            at: now
        )
    }

    /// `post_info` is not looked at: the owner chooses everything in the app.
    mutating func initInbox(
        _ request: SandboxRequest,
        _ caller: Caller,
        verdict: String?,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        let body = try fields(of: request)
        let source = try videoSource(try body.fields("source_info"))
        if let code = draftRefusal(caller.account, at: now) { throw .forbidden(code) }
        return try begin(
            Beginning(media: .video, mode: .draft, source: source, verdict: verdict),
            caller,
            at: now
        )
    }

    mutating func initContent(
        _ request: SandboxRequest,
        _ caller: Caller,
        verdict: String?,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        let body = try fields(of: request)
        guard try body.requiredText("media_type") == "PHOTO" else {
            throw .invalid("media_type must be PHOTO")
        }
        let mode = try photoMode(body)
        guard caller.scopes.contains(mode == .direct ? "video.publish" : "video.upload") else {
            throw .scopeMissing
        }
        _ = try body.bool("is_aigc")
        let infoFields =
            try mode == .direct ? body.fields("post_info") : body.fieldsIfAny("post_info")
        let info = try PostInfo(photo: infoFields, mode: mode)
        try checkPhotos(try body.fields("source_info"))
        try checkPhotoCaps(mode, info, caller.account, at: now)
        return try begin(
            Beginning(media: .photo, mode: mode, info: info, source: .pull, verdict: verdict),
            caller,
            at: now
        )
    }

    private func photoMode(_ body: Fields) throws(Refusal) -> Post.Mode {
        switch try body.requiredText("post_mode") {
        case "DIRECT_POST": return .direct
        case "MEDIA_UPLOAD": return .draft
        default: throw .invalid("post_mode must be DIRECT_POST or MEDIA_UPLOAD")
        }
    }

    private func checkPhotos(_ source: Fields) throws(Refusal) {
        guard try source.requiredText("source") == "PULL_FROM_URL" else {
            throw .invalid("source_info.source must be PULL_FROM_URL")
        }
        let images = try source.texts("photo_images") ?? []
        guard (1...35).contains(images.count) else {
            throw .invalid("source_info.photo_images must hold 1 to 35 URLs")
        }
        let cover = try source.requiredInteger("photo_cover_index")
        guard (0..<Int64(images.count)).contains(cover) else {
            throw .invalid("source_info.photo_cover_index names no image")
        }
        for image in images { try checkPullURL(image) }
    }

    private func checkPhotoCaps(
        _ mode: Post.Mode,
        _ info: PostInfo,
        _ account: SandboxAccount,
        at now: Int64
    ) throws(Refusal) {
        guard mode == .draft else {
            try checkAudience(info.privacy, of: account)
            if let code = directRefusal(account, at: now) { throw .forbidden(code) }
            return
        }
        guard !account.hasOldApp else {
            throw Refusal(
                status: 400,
                code: "app_version_check_failed",
                message: "The TikTok app must be version 31.8 or later"
            )
        }
        if let code = draftRefusal(account, at: now) { throw .forbidden(code) }
    }

    // MARK: The beginning itself

    private struct Beginning {
        var media: Post.Media
        var mode: Post.Mode
        var info: PostInfo?
        var source: SourceInfo
        var verdict: String?

        /// Inbox drafts have none.
        var title: String { info?.title ?? "" }
    }

    private mutating func begin(
        _ beginning: Beginning,
        _ caller: Caller,
        at now: Int64
    ) throws(Refusal) -> JSONValue {
        guard publishIDs.count < options.postsKept else {
            throw Refusal(status: 500, code: "internal_error", message: "The sandbox is full")
        }
        noteRepeatedTitle(beginning.title, of: caller.openID, at: now)
        let number = nextNumber()
        let publishID = publishID(beginning, number)
        var data: [String: JSONValue] = ["publish_id": .string(publishID)]
        var source = Post.Source.pull
        if case .upload(let plan) = beginning.source {
            let upload = Upload(
                uploadID: String(7_700_000_000_000_000_000 + number),
                token: random.hex(16),
                plan: plan
            )
            publishIDOfUpload[upload.uploadID] = publishID
            source = .upload(upload)
            data["upload_url"] = .string(
                "\(uploadHost)/video/?upload_id=\(upload.uploadID)&upload_token=\(upload.token)"
            )
        }
        keep(post(beginning, publishID, source, caller, number, at: now))
        return .object(data)
    }

    private func post(
        _ beginning: Beginning,
        _ publishID: String,
        _ source: Post.Source,
        _ caller: Caller,
        _ number: Int64,
        at now: Int64
    ) -> Post {
        let isPull = if case .pull = source { true } else { false }
        return Post(
            publishID: publishID,
            openID: caller.openID,
            media: beginning.media,
            mode: beginning.mode,
            source: source,
            title: beginning.title,
            privacy: beginning.info?.privacy ?? "",
            createdAt: now,
            postID: 7_600_000_000_000_000_000 + number,
            completeAt: isPull ? now + options.download.milliseconds : nil,
            verdict: beginning.verdict
        )
    }

    private mutating func keep(_ post: Post) {
        posts[post.publishID] = post
        publishIDs.append(post.publishID)
        unfinished.insert(post.publishID)
        publishIDsOfAccount[post.openID, default: []].append(post.publishID)
        publishIDsOfTitle[titleKey(post.title, post.openID), default: []].append(post.publishID)
        if post.mode == .direct { activeCreators[post.openID] = post.createdAt }
    }

    private func publishID(_ beginning: Beginning, _ number: Int64) -> String {
        let isUpload = if case .upload = beginning.source { true } else { false }
        let prefix =
            switch (beginning.media, beginning.mode) {
            case (.photo, _): "p_pub_url~v2."
            case (.video, .direct): isUpload ? "v_pub_file~v2-1." : "v_pub_url~v2-1."
            case (.video, .draft): isUpload ? "v_inbox_file~v2." : "v_inbox_url~v2."
            }
        return prefix + String(7_500_000_000_000_000_000 + number)
    }

    /// Beginning a post again whose bytes all arrived is how posts get published twice.
    private mutating func noteRepeatedTitle(_ title: String, of openID: String, at now: Int64) {
        guard !title.isEmpty else { return }
        let earlier = publishIDsOfTitle[titleKey(title, openID)] ?? []
        let stands = earlier.contains { publishID in
            guard let post = posts[publishID], post.completeAt != nil else { return false }
            return post.failReason(at: now, options) == nil
        }
        if stands { noteViolation("init: the title '\(title.prefix(80))' stands already", at: now) }
    }

    private func titleKey(_ title: String, _ openID: String) -> String {
        openID + "\n" + title
    }
}
