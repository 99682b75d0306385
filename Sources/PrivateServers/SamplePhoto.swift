/// The smallest pictures that say what TikTok looks for: their kind and their size.
///
/// 720 × 1280, and nothing to be seen; whoever only reads headers takes them for photos.
package enum SamplePhoto {
    /// Source: ITU-T T.81, annex B: start, one frame header of three components, end.
    package static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0x05, 0x00, 0x02, 0xD0, 3]
        + [1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0, 0xFF, 0xD9]

    /// Source: RFC 9649 and RFC 6386, section 9.1: one lossy chunk with its frame tag.
    package static let webP: [UInt8] =
        Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBPVP8 ".utf8) + [10, 0, 0, 0]
        + [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0xD0, 0x02, 0x00, 0x05]
}
