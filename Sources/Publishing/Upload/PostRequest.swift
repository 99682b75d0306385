internal import TikTok

/// What a post says to TikTok, once the creator's settings are known.
///
/// What the creator has switched off is switched off: TikTok does so by itself, and shows nobody
/// another choice (Content Sharing Guidelines, read 2026-09-11).
extension VideoPost {
    /// What a direct post says to TikTok.
    ///
    /// - Returns: `nil` for a draft, which says nothing: the owner chooses in the app.
    init?(_ job: PublishJob, _ creator: CreatorInfo?) {
        guard job.mode == .direct, let privacy = job.privacy else { return nil }
        self.init(privacy: privacy)
        title = job.options.title ?? ""
        disableComment = job.options.disableComment || creator?.isCommentDisabled ?? false
        disableDuet = job.options.disableDuet || creator?.isDuetDisabled ?? false
        disableStitch = job.options.disableStitch || creator?.isStitchDisabled ?? false
        brandContent = job.options.brandContent
        brandOrganic = job.options.brandOrganic
        isAIGenerated = job.options.isAIGenerated
        coverMilliseconds = job.options.videoCoverTimestampMilliseconds.map(Int64.init)
    }
}

extension PhotoPost {
    /// - Parameter images: where TikTok fetches them, in the job's order.
    init(_ job: PublishJob, images: [String], _ creator: CreatorInfo?) {
        var destination = Destination.draft
        if job.mode == .direct, let privacy = job.privacy {
            var settings = DirectSettings(privacy: privacy)
            settings.disableComment =
                job.options.disableComment || creator?.isCommentDisabled ?? false
            settings.addMusic = job.options.autoAddMusic
            settings.brandContent = job.options.brandContent
            settings.brandOrganic = job.options.brandOrganic
            destination = .direct(settings)
        }
        self.init(images: images, destination: destination)
        title = job.options.title ?? ""
        description = job.options.description ?? ""
        coverIndex = job.options.photoCoverIndex ?? 0
        isAIGenerated = job.options.isAIGenerated
    }
}

extension PostInit {
    /// What opens a video post.
    init(_ job: PublishJob, _ creator: CreatorInfo?, from source: VideoSource) {
        self =
            VideoPost(job, creator).map { .video($0, from: source) } ?? .videoDraft(from: source)
    }

    /// What opens a post whose media TikTok fetches.
    ///
    /// - Parameter addresses: in the job's order.
    init(_ job: PublishJob, _ creator: CreatorInfo?, fetching addresses: [String]) {
        switch job.content.kind {
        case .photo: self = .photos(PhotoPost(job, images: addresses, creator))
        case .video: self.init(job, creator, from: .pull(url: addresses.first ?? ""))
        }
    }
}

extension PublishJob {
    /// The call that opens its post.
    var initEndpoint: Endpoint {
        switch (content.kind, mode) {
        case (.photo, _): .photoInit
        case (.video, .direct): .videoInit
        case (.video, .draft): .inboxVideoInit
        }
    }
}
