internal import Crypto
internal import Foundation

/// An MP4 that TikTok would take, of any size.
///
/// Every 64 KiB of it are different, so that bytes out of order have another hash.
///
/// One smaller than `bytesMin` is cut off.
package struct TestVideo: Sendable {
    /// Relative to MEDIA_ROOT.
    package let name: String
    package let bytes: Int
    /// Lowercase hex.
    package let sha256: String

    private static let blockBytes = 65_536

    /// Writes it.
    package init(_ name: String, bytes: Int, in folder: String) throws {
        let path = "\(folder)/\(name)"
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        let hash = SHA256Stream()
        var written = 0
        while written < bytes {
            let block = Self.block(at: written, of: name, total: bytes)
            hash.update(block)
            try file.write(contentsOf: block)
            written += block.count
        }
        try file.close()
        self.name = name
        self.bytes = bytes
        sha256 = hash.finish()
    }

    /// The smallest one: a head and the mark.
    package static let bytesMin = beginning(total: 0).count + 64

    private static func block(at offset: Int, of name: String, total: Int) -> [UInt8] {
        let mark = Array("\(name) \(offset) of \(total)\n".utf8)
        var block = pattern
        let head = offset == 0 ? beginning(total: total) : []
        block.replaceSubrange(0..<(head.count + mark.count), with: head + mark)
        return Array(block.prefix(total - offset))
    }

    private static func beginning(total: Int) -> [UInt8] {
        TestMovie().head(total: Int64(total))
    }

    private static let pattern = (0..<blockBytes).map { place in
        UInt8(truncatingIfNeeded: place * 31 + place >> 8)
    }
}
