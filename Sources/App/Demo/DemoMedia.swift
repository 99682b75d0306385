internal import Crypto
internal import Files
internal import FoundationEssentials
internal import PrivateServers

/// The demo's videos and photos in the folder that stands for MEDIA_ROOT.
struct DemoMedia {
    static let short = "short.mp4"
    static let long = "long.mp4"

    /// Five chunks of 10,000,000 bytes, the last one longer: the seed document's own example.
    static let longBytes = 52_428_800

    static let photos = ["1.jpg", "2.jpg", "3.webp"]

    /// Lowercase hex of the SHA-256 of each file, by name.
    let sha256: [String: String]

    /// Copies the clip, and makes the long video of it: the clip and a `free` box, which players
    /// skip.
    init(clip: String, folder: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try WholeFile.read(clip, limit: 8 << 20)
        } catch {
            throw CommandFailure("\(clip): \(error); name a short MP4 with --clip")
        }
        guard bytes.count > 12, Array(bytes[4..<8]) == Array("ftyp".utf8) else {
            throw CommandFailure("\(clip) is no MP4; name a short MP4 with --clip")
        }
        let boxBytes = Self.longBytes - bytes.count
        let size = (0..<4).map { UInt8(truncatingIfNeeded: boxBytes >> (24 - 8 * $0)) }
        var long = bytes + size + Array("free".utf8)
        // Not all zeros, so that chunks sent in a wrong order have another hash.
        var value: UInt32 = 1
        while long.count < Self.longBytes {
            value = value &* 1_664_525 &+ 1_013_904_223
            long.append(UInt8(truncatingIfNeeded: value >> 24))
        }
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        try WholeFile.write(bytes, to: "\(folder)/\(Self.short)")
        try WholeFile.write(long, to: "\(folder)/\(Self.long)")
        for photo in Self.photos {
            let isJPEG = photo.hasSuffix(".jpg")
            try WholeFile.write(
                isJPEG ? SamplePhoto.jpeg : SamplePhoto.webP,
                to: "\(folder)/\(photo)"
            )
        }
        sha256 = [Self.short: SHA256.hex(bytes), Self.long: SHA256.hex(long)]
    }
}
