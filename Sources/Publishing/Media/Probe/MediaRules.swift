internal import TikTok

/// What TikTok takes, asked of what a probe found: pure, and silent on what is not certain.
package enum MediaRules {
    /// Why TikTok would refuse a video, whoever posts it; empty when nothing certain speaks
    /// against it.
    package static func refusals(of facts: VideoFacts) -> [MediaRefusal] {
        guard facts.kind.videoType != nil else { return [.notAVideo(facts.kind)] }
        guard facts.bytes <= UploadLimits.videoBytesMax else {
            return [.tooLarge(facts.bytes, most: UploadLimits.videoBytesMax)]
        }
        // What else is wrong with such files is a consequence.
        if let damage = facts.damage { return [.damaged(damage)] }
        guard facts.hasPictures != false else { return [.noPictures] }
        return [
            codec(facts.codec), size(facts),
            frameRate(facts.frameRate),
        ].compactMap(\.self)
    }

    /// Why a video is too long for who posts it.
    ///
    /// - Parameter most: what the creator may post, in seconds; `nil` when TikTok did not say.
    package static func refusal(ofSeconds seconds: Double?, most: Int64?) -> MediaRefusal? {
        // TikTok counts whole seconds, and nobody knows how it rounds.
        guard let seconds, let most, most > 0, seconds >= Double(most) + 1 else { return nil }
        return .tooLong(seconds, most: most)
    }

    /// Why TikTok would refuse a photo; empty when nothing certain speaks against it.
    package static func refusals(of facts: PhotoFacts) -> [MediaRefusal] {
        guard facts.kind.isPhoto else { return [.notAPhoto(facts.kind)] }
        guard facts.bytes <= UploadLimits.photoBytesMax else {
            return [.tooLarge(facts.bytes, most: UploadLimits.photoBytesMax)]
        }
        if let damage = facts.damage { return [.damaged(damage)] }
        if facts.isAnimated { return [.animated] }
        guard let size = facts.size, size.shorter > UploadLimits.photoShortSidePixelsMax else {
            return []
        }
        return [.photoSize(size)]
    }

    private static func codec(_ codec: VideoCodec?) -> MediaRefusal? {
        guard let codec, !codec.isTaken, let name = codec.name else { return nil }
        return .codec(name)
    }

    /// Where stored and shown size differ nobody knows which one TikTok measures: refused when
    /// neither is right.
    private static func size(_ facts: VideoFacts) -> MediaRefusal? {
        let sizes = [facts.coded, facts.displayed].compactMap(\.self)
        guard let first = sizes.first, !sizes.contains(where: isTaken) else { return nil }
        return .videoSize(first)
    }

    private static func isTaken(_ size: PictureSize) -> Bool {
        UploadLimits.videoSidePixels.contains(size.width)
            && UploadLimits.videoSidePixels.contains(size.height)
    }

    /// Where frames are not equally long nobody knows how TikTok counts: refused when neither their
    /// mean nor most of them are right.
    private static func frameRate(_ rate: FrameRate?) -> MediaRefusal? {
        guard let rate else { return nil }
        let rates = [rate.mean, rate.usual].compactMap(\.self)
        guard !rates.contains(where: UploadLimits.framesPerSecondTolerated.contains) else {
            return nil
        }
        return .frameRate(rate.mean)
    }
}

extension VideoCodec {
    /// Whether TikTok takes it for certain.
    var isTaken: Bool { name.map(UploadLimits.videoCodecs.contains) ?? false }
}
