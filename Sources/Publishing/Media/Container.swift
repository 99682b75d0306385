internal import TikTok

/// Pure: tells the kind of a video file by its first bytes; file names say nothing.
extension VideoContentType {
    /// - Parameter head: the first 12 bytes or more.
    /// - Returns: `nil` for anything TikTok does not take.
    init?(head: [UInt8]) {
        if head.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .webM
            return
        }
        guard head.count >= 12 else { return nil }
        switch String(decoding: head[4..<8], as: UTF8.self) {
        case "ftyp":
            let brand = String(decoding: head[8..<12], as: UTF8.self)
            // Pictures use the same boxes; a HEIC photo is not a video.
            guard !["heic", "heix", "mif1", "msf1", "avif", "avis"].contains(brand) else {
                return nil
            }
            self = brand == "qt  " ? .quickTime : .mp4
        case "moov", "mdat", "wide", "free", "skip":
            // QuickTime files from before 2001 have no ftyp box.
            self = .quickTime
        default:
            return nil
        }
    }
}
