package import TikTok

/// What a file is by its first bytes; its name says nothing.
package enum MediaKind: Sendable, Equatable, CaseIterable {
    case mp4, quickTime, webM
    case jpeg, webP
    // What people send by mistake, so that the refusal can say what it is.
    case png, gif, heic, avif, bmp, tiff, matroska, avi, flash, mpegStream, ogg, windowsMedia
    case unknown

    /// How many of the first bytes are looked at.
    static let headBytes = 64

    /// - Parameter head: the first `headBytes` bytes, or all there are.
    init(head: [UInt8]) {
        let fields = ByteFields(bytes: head[...])
        self =
            Self.marks.first { head.starts(with: $0.bytes) }?.kind
            ?? Self.riff(fields) ?? Self.boxes(fields) ?? Self.stream(head) ?? .unknown
    }

    /// What it is to TikTok's upload; `nil` for all it takes no bytes of.
    package var videoType: VideoContentType? {
        switch self {
        case .mp4: .mp4
        case .quickTime: .quickTime
        case .webM: .webM
        default: nil
        }
    }

    var isPhoto: Bool { self == .jpeg || self == .webP }

    /// As people call it; `nil` when nobody can tell.
    package var words: String? {
        switch self {
        case .mp4: "an MP4 video"
        case .quickTime: "a QuickTime video"
        case .webM: "a WebM video"
        case .jpeg: "a JPEG picture"
        case .webP: "a WebP picture"
        case .png: "a PNG picture"
        case .gif: "a GIF picture"
        case .heic: "a HEIC picture"
        case .avif: "an AVIF picture"
        case .bmp: "a BMP picture"
        case .tiff: "a TIFF picture"
        case .matroska: "a Matroska (MKV) video"
        case .avi: "an AVI video"
        case .flash: "a Flash video"
        case .mpegStream: "an MPEG stream"
        case .ogg: "an Ogg file"
        case .windowsMedia: "a Windows Media file"
        case .unknown: nil
        }
    }

    /// Matroska has the same first bytes as WebM; its probe tells them apart.
    private static let marks: [(bytes: [UInt8], kind: MediaKind)] = [
        ([0x1A, 0x45, 0xDF, 0xA3], .webM),
        ([0xFF, 0xD8, 0xFF], .jpeg),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        (Array("GIF87a".utf8), .gif),
        (Array("GIF89a".utf8), .gif),
        (Array("FLV".utf8), .flash),
        (Array("OggS".utf8), .ogg),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], .windowsMedia),
        ([0x00, 0x00, 0x01, 0xBA], .mpegStream),
        ([0x49, 0x49, 0x2A, 0x00], .tiff),
        ([0x4D, 0x4D, 0x00, 0x2A], .tiff),
        (Array("BM".utf8), .bmp),
    ]

    private static func riff(_ fields: ByteFields) -> MediaKind? {
        guard fields.name(at: 0) == "RIFF" else { return nil }
        switch fields.name(at: 8) {
        case "WEBP": return .webP
        case "AVI ": return .avi
        default: return nil
        }
    }

    private static func boxes(_ fields: ByteFields) -> MediaKind? {
        guard let brand = fields.name(at: 8) else { return nil }
        switch fields.name(at: 4) {
        case "ftyp":
            // Pictures use the same boxes as videos.
            switch brand {
            case "heic", "heix", "mif1", "msf1": return .heic
            case "avif", "avis": return .avif
            case "qt  ": return .quickTime
            default: return .mp4
            }
        // QuickTime files from before 2001 have no ftyp box.
        case "moov", "mdat", "wide", "free", "skip": return .quickTime
        default: return nil
        }
    }

    /// Packets of 188 bytes, each beginning alike; so short a head shows only the first.
    private static func stream(_ head: [UInt8]) -> MediaKind? {
        head.count >= 4 && head[0] == 0x47 && head[1] & 0xE0 == 0x40 && head[3] & 0xF0 == 0x10
            ? .mpegStream : nil
    }
}
