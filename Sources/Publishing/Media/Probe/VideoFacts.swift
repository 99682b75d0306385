/// What the headers of a video say; `nil` is what they do not say for certain.
package struct VideoFacts: Sendable, Equatable {
    package var kind: MediaKind
    package let bytes: Int64
    package var codec: VideoCodec?
    /// The picture as it is stored, before any turning.
    package var coded: PictureSize?
    /// The picture as it is shown, turned and with square pixels.
    package var displayed: PictureSize?
    /// Clockwise, in degrees: 0, 90, 180 or 270.
    package var rotation: Int?
    /// How long it plays.
    package var seconds: Double?
    package var frameRate: FrameRate?
    package var isFragmented = false
    /// `false`: every track is known, and none has pictures.
    package var hasPictures: Bool?
    /// Why the file cannot be played as it is.
    package var damage: MediaDamage?

    package init(kind: MediaKind, bytes: Int64) {
        self.kind = kind
        self.bytes = bytes
    }
}

/// In pixels.
package struct PictureSize: Sendable, Equatable {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// - Returns: `nil` for a picture without extent: nobody wrote its size down.
    init?(_ width: UInt64?, _ height: UInt64?) {
        guard let width, let height, width > 0, height > 0, width <= UInt32.max,
            height <= UInt32.max
        else { return nil }
        self.init(width: Int(width), height: Int(height))
    }

    var turned: PictureSize { PictureSize(width: height, height: width) }
    var shorter: Int { min(width, height) }
    var longer: Int { max(width, height) }
}

/// Frames a second.
package struct FrameRate: Sendable, Equatable {
    /// Of all frames together.
    package let mean: Double
    /// Of the frames whose length is the most frequent one; `nil` when it is not known.
    package let usual: Double?

    package init(mean: Double, usual: Double?) {
        self.mean = mean
        self.usual = usual
    }
}

/// How the pictures are encoded, by the name the container has for it.
package struct VideoCodec: Sendable, Equatable {
    /// Four letters in MP4, an id such as `V_VP9` in WebM.
    package let id: String

    package init(_ id: String) {
        self.id = id
    }

    /// As people call it; `nil` for one that is not in the table.
    package var name: String? { Self.names[id] }

    // Sources: ISO/IEC 14496-15, VP Codec ISO Media File Format Binding, AV1 Codec ISO Media File
    // Format Binding, QuickTime File Format, the Matroska codec registry.
    private static let names = [
        "avc1": "H.264", "avc2": "H.264", "avc3": "H.264", "avc4": "H.264",
        // Dolby Vision on top of H.264 and of H.265.
        "dva1": "H.264", "dvav": "H.264", "dvh1": "H.265", "dvhe": "H.265",
        "hvc1": "H.265", "hev1": "H.265",
        "vp08": "VP8", "vp09": "VP9", "V_VP8": "VP8", "V_VP9": "VP9",
        "av01": "AV1", "dav1": "AV1", "V_AV1": "AV1",
        "vvc1": "H.266", "vvi1": "H.266",
        "mp4v": "MPEG-4 Part 2", "s263": "H.263", "h263": "H.263",
        "apch": "ProRes", "apcn": "ProRes", "apcs": "ProRes", "apco": "ProRes",
        "ap4h": "ProRes", "ap4x": "ProRes", "aprn": "ProRes RAW", "aprh": "ProRes RAW",
        "jpeg": "Motion JPEG", "mjpa": "Motion JPEG", "mjpb": "Motion JPEG",
        "mjp2": "Motion JPEG 2000", "png ": "PNG", "rle ": "QuickTime Animation",
        "AVdn": "DNxHD", "AVdh": "DNxHR", "CFHD": "CineForm", "dvc ": "DV", "dvcp": "DV",
        "encv": "encrypted",
        "V_MPEG4/ISO/AVC": "H.264 in WebM", "V_MPEGH/ISO/HEVC": "H.265 in WebM",
        "V_MPEG4/ISO/ASP": "MPEG-4 Part 2", "V_MJPEG": "Motion JPEG", "V_THEORA": "Theora",
        "V_FFV1": "FFV1", "V_PRORES": "ProRes", "V_MPEG2": "MPEG-2", "V_MPEG1": "MPEG-1",
    ]
}

/// Why a file cannot be played as it is.
package enum MediaDamage: Error, Sendable, Equatable {
    /// The file ends before something in it does.
    case cutOff(missingBytes: UInt64)
    /// A part at this place is smaller than its own header, or larger than what is around it.
    case broken(at: Int64)
    /// Nothing in it says how to play it; the part of this name is missing.
    case noIndex(String)
    /// It says how to play what is not in it.
    case noContent
}
