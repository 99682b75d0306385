internal import TikTok

extension VideoPost {
    /// What a direct post says to TikTok.
    ///
    /// - Returns: `nil` for a draft, which says nothing: the owner chooses in the app.
    init?(_ job: PublishJob) {
        guard job.mode == .direct, let privacy = job.privacy else { return nil }
        self.init(privacy: privacy)
        title = job.options.title ?? ""
        disableComment = job.options.disableComment
        disableDuet = job.options.disableDuet
        disableStitch = job.options.disableStitch
        brandContent = job.options.brandContent
        brandOrganic = job.options.brandOrganic
        isAIGenerated = job.options.isAIGenerated
        coverMilliseconds = job.options.videoCoverTimestampMilliseconds.map(Int64.init)
    }
}
