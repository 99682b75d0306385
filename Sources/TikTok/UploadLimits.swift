/// TikTok's limits for media and posts.
///
/// "MTG" is the Media Transfer Guide
/// (developers.tiktok.com/doc/content-posting-api-media-transfer-guide), "DP" the Direct Post
/// reference, "PH" the Photo Post reference, "CSG" the Content Sharing Guidelines; copies of
/// 2026-09-11.
package enum UploadLimits {
    /// Smallest chunk, in bytes, unless the whole file is smaller.
    ///
    /// MTG says "5 MB" without saying which; 5 MiB satisfies both readings.
    package static let chunkBytesMin: Int64 = 5_242_880

    /// Largest chunk but the last, in bytes.
    ///
    /// MTG says "64 MB"; the decimal reading fits both.
    package static let chunkBytesMax: Int64 = 64_000_000

    /// Largest chunk size we plan with, so that a file of up to twice it still goes as one chunk
    /// of at most 64 MB.
    ///
    /// Ours, from the one-chunk rule TikTok enforces since about 2026-08-10.
    package static let plannedChunkBytesMax: Int64 = 32_000_000

    /// Chunk size when nobody asks for another, in bytes; the size of MTG's own example.
    package static let plannedChunkBytesDefault: Int64 = 10_000_000

    /// Largest last chunk, in bytes.
    ///
    /// MTG: "up to 128 MB"; the decimal reading fits both.
    package static let lastChunkBytesMax: Int64 = 128_000_000

    /// Most chunks of one upload.
    ///
    /// Source: MTG.
    package static let chunkCountMax: Int64 = 1000

    /// Largest video, in bytes, read liberally.
    ///
    /// MTG: "4 GB".
    package static let videoBytesMax: Int64 = 4_294_967_296

    /// Largest video, in bytes, whichever way "4 GB" is meant.
    package static let videoBytesCertain: Int64 = 4_000_000_000

    /// How long an upload address lives, for the whole upload.
    ///
    /// Source: DP.
    package static let uploadAddressLifetime = Duration.seconds(3600)

    /// After this age no new chunk is started: five minutes before the address dies.
    ///
    /// Our choice.
    package static let uploadAddressUse = Duration.seconds(3300)

    /// How long TikTok tries to fetch from our address.
    ///
    /// Source: MTG.
    package static let pullDeadline = Duration.seconds(3600)

    /// Shortest and longest side of a video's picture, in pixels.
    ///
    /// Source: MTG.
    package static let videoSidePixels = 360...4096

    /// Frames a second of a video.
    ///
    /// Source: MTG.
    package static let framesPerSecond = 23.0...60.0

    /// What is not refused before TikTok has seen it: TikTok's own tolerance is not known.
    ///
    /// 23.976 is meant by "23"; integrators saw rates a little above 60 pass (brainrot.js#2).
    package static let framesPerSecondTolerated = 22.9...60.5

    /// How the pictures of a video may be encoded.
    ///
    /// Source: MTG.
    package static let videoCodecs = ["H.264", "H.265", "VP8", "VP9"]

    /// Longest draft, in seconds; its owner cuts it in the app.
    ///
    /// MTG: "up to 10 minutes". How long a direct post may be, the creator's settings say.
    package static let draftSecondsMax: Int64 = 600

    /// Pictures of one photo post.
    ///
    /// Source: PH.
    package static let photoCount = 1...35

    /// Largest picture file, in bytes, read liberally.
    ///
    /// MTG: "20 MB".
    package static let photoBytesMax: Int64 = 20_971_520

    /// Longest shorter side of a picture, in pixels.
    ///
    /// MTG says "1080p" and no more. A longer side above 1920 passed for integrators (postiz#1875),
    /// so it is left to TikTok.
    package static let photoShortSidePixelsMax = 1080

    /// Longest publish id, in characters.
    ///
    /// Source: DP.
    package static let publishIDCharactersMax = 64

    /// Posts of one creator in a rolling 24 h, shared by all apps.
    ///
    /// CSG: "typically around 15".
    package static let postsPerCreatorPerDay = 15

    /// Drafts of one creator in a rolling 24 h.
    ///
    /// UP (Upload reference, undated) and PH.
    package static let draftsPerCreatorPerDay = 5

    /// Creators of an app that is not audited in a rolling 24 h.
    ///
    /// CSG.
    package static let creatorsPerUnauditedAppPerDay = 5
}
