/// An MP4 file, put together byte by byte: as a video that TikTok would take, or with what a test
/// wants to be wrong with it.
///
/// Every number is written where ISO/IEC 14496-12 says, not where our own parser looks.
package struct TestMovie: Sendable {
    package var brand = "isom"
    /// Of the boxes with times: 0 for 32 bits, 1 for 64.
    package var version: UInt8 = 0
    package var codec = "avc1"
    package var handler = "vide"
    package var isEnabled = true
    /// As stored.
    package var width = 720
    package var height = 1280
    /// As shown, before turning; `nil`: as stored.
    package var shown: (width: Int, height: Int)?
    /// a, b, c and d.
    package var matrix: [Int32] = [1, 0, 0, 1]
    /// Of movie and media alike.
    package var unitsPerSecond: UInt64 = 30_000
    package var runs: [(frames: UInt32, length: UInt32)] = [(300, 1000)]
    /// Of the movie; `nil`: as long as the runs.
    package var length: UInt64?
    /// Of the media; `nil`: as long as the runs.
    package var mediaLength: UInt64?
    package var edits: [UInt64] = []
    /// Put before, and after, what the index holds.
    package var firstInIndex: [UInt8] = []
    package var lastInIndex: [UInt8] = []

    package init() {}

    private var runsLength: UInt64 {
        runs.reduce(0) { $0 + UInt64($1.frames) * UInt64($1.length) }
    }

    // MARK: Whole files

    package var fileType: [UInt8] {
        Box.make("ftyp", Array(brand.utf8) + [0, 0, 2, 0] + Array("isommp42".utf8))
    }

    package var index: [UInt8] {
        Box.make("moov", firstInIndex, header, track(1), lastInIndex)
    }

    /// What comes before the pictures of a file of `total` bytes.
    ///
    /// It is whole when as many bytes follow as are missing, whatever they are.
    package func head(total: Int64) -> [UInt8] {
        let front = fileType + index
        return front + Box.head("mdat", bytes: UInt64(max(16, total - Int64(front.count))))
    }

    /// Index first, pictures last.
    package func file(content: Int = 100) -> [UInt8] {
        fileType + index + Box.make("mdat", [UInt8](repeating: 7, count: content))
    }

    // MARK: Boxes

    package var header: [UInt8] {
        Box.make(
            "mvhd",
            [version, 0, 0, 0],
            time(0) + time(0) + Box.number(unitsPerSecond, 4) + time(length ?? runsLength),
            [UInt8](repeating: 0, count: 80)
        )
    }

    package func track(_ id: UInt64) -> [UInt8] {
        let edits = self.edits.isEmpty ? [] : Box.make("edts", editList)
        return Box.make("trak", trackHeader(id), edits, media)
    }

    private func trackHeader(_ id: UInt64) -> [UInt8] {
        let (a, b, c, d) = (matrix[0], matrix[1], matrix[2], matrix[3])
        let turned = [a, b, 0, c, d, 0, 0, 0, 0].map { $0 &* 65_536 }
        return Box.make(
            "tkhd",
            [version, 0, 0, isEnabled ? 7 : 6],
            time(0) + time(0) + Box.number(id, 4) + [0, 0, 0, 0] + time(length ?? runsLength),
            [UInt8](repeating: 0, count: 16),
            turned.flatMap { Box.number(UInt64(UInt32(bitPattern: $0)), 4) },
            Box.number(UInt64(shown?.width ?? width) << 16, 4),
            Box.number(UInt64(shown?.height ?? height) << 16, 4)
        )
    }

    private var editList: [UInt8] {
        let entries = edits.flatMap { time($0) + time(0) + [0, 1, 0, 0] }
        return Box.make("elst", [version, 0, 0, 0] + Box.number(UInt64(edits.count), 4) + entries)
    }

    private var media: [UInt8] {
        let header = Box.make(
            "mdhd",
            [version, 0, 0, 0],
            time(0) + time(0) + Box.number(unitsPerSecond, 4) + time(mediaLength ?? runsLength),
            [0x55, 0xC4, 0, 0]
        )
        let kind = Box.make(
            "hdlr",
            [0, 0, 0, 0, 0, 0, 0, 0] + Array(handler.utf8) + [UInt8](repeating: 0, count: 13)
        )
        return Box.make("mdia", header, kind, Box.make("minf", Box.make("stbl", tables)))
    }

    private var tables: [UInt8] {
        // A sample entry: reserved, data reference, 16 bytes of nothing, then the size.
        let entry =
            [UInt8](repeating: 0, count: 6) + [0, 1] + [UInt8](repeating: 0, count: 16)
            + Box.number(UInt64(width), 2) + Box.number(UInt64(height), 2)
            + [UInt8](repeating: 0, count: 50)
        let times = runs.flatMap {
            Box.number(UInt64($0.frames), 4) + Box.number(UInt64($0.length), 4)
        }
        let frames = runs.reduce(0) { $0 + UInt64($1.frames) }
        return Box.make("stsd", [0, 0, 0, 0, 0, 0, 0, 1], Box.make(codec, entry))
            + Box.make("stts", [0, 0, 0, 0] + Box.number(UInt64(runs.count), 4) + times)
            + Box.make("stsz", [0, 0, 0, 0, 0, 0, 0, 9] + Box.number(frames, 4))
    }

    private func time(_ value: UInt64) -> [UInt8] { Box.number(value, version == 1 ? 8 : 4) }
}

/// Boxes as ISO/IEC 14496-12 has them.
package enum Box {
    package static func make(_ type: String, _ parts: [UInt8]...) -> [UInt8] {
        let body = Array(parts.joined())
        return number(UInt64(body.count + 8), 4) + Array(type.utf8) + body
    }

    /// The first 16 bytes of a box of `bytes` bytes in all, its length written in 64 bits.
    package static func head(_ type: String, bytes: UInt64) -> [UInt8] {
        [0, 0, 0, 1] + Array(type.utf8) + number(bytes, 8)
    }

    /// Big-endian.
    package static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (1...width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - $0))) }
    }
}
