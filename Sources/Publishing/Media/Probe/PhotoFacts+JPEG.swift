extension PhotoFacts {
    /// Goes from marker to marker up to the one with the picture's size.
    ///
    /// Source: ITU-T T.81, annex B; Exif 2.32 for the orientation.
    mutating func readJPEG(_ reader: ProbeReader) async throws(ProbeEnd) {
        var offset: Int64 = 2
        while offset < reader.size {
            try reader.countPart()
            let head = try await reader.fields(at: offset, count: 12)
            guard head.unsigned(1, at: 0) == 0xFF else { throw .damaged(.broken(at: offset)) }
            guard let marker = head.unsigned(1, at: 1) else { break }
            switch marker {
            case 0xFF:
                // Any number of these may stand before a marker.
                offset += 1
                continue
            case 0x01, 0xD0...0xD8:
                // Without a length.
                offset += 2
                continue
            case 0xD9, 0xDA:
                throw .damaged(.noIndex("SOF"))
            default: break
            }
            guard let length = head.unsigned(2, at: 2) else { break }
            guard length >= 2 else { throw .damaged(.broken(at: offset)) }
            let end = offset + 2 + Int64(length)
            guard end <= reader.size else {
                throw .damaged(.cutOff(missingBytes: UInt64(end - reader.size)))
            }
            if Self.isFrameHeader(marker) {
                guard length >= 8 else { throw .damaged(.broken(at: offset)) }
                return readFrame(marker, head)
            }
            if marker == 0xE1, orientation == nil {
                let segment = try await reader.fields(at: offset + 4, count: Int(length) - 2)
                orientation = ExifOrientation.read(segment)
            }
            offset = end
        }
        throw .damaged(.cutOff(missingBytes: 1))
    }

    private static func isFrameHeader(_ marker: UInt64) -> Bool {
        (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
    }

    private mutating func readFrame(_ marker: UInt64, _ head: ByteFields) {
        isProgressive = [0xC2, 0xC6, 0xCA, 0xCE].contains(marker)
        // A height of 0 is told at the end of the first scan: that far nobody reads.
        let stored = PictureSize(head.unsigned(2, at: 7), head.unsigned(2, at: 5))
        size = (orientation ?? 1) >= 5 ? stored?.turned : stored
    }
}

/// Which side of a photo is up.
enum ExifOrientation {
    private static let tag: UInt64 = 0x0112
    private static let short: UInt64 = 3

    /// - Parameter segment: what is in an APP1 segment, from its name on.
    /// - Returns: 1 to 8; `nil` when the segment says nothing that makes sense.
    static func read(_ segment: ByteFields) -> Int? {
        guard segment.unsigned(6, at: 0) == 0x4578_6966_0000 else { return nil }
        let order = segment.unsigned(2, at: 6)
        guard order == 0x4949 || order == 0x4D4D else { return nil }
        func number(_ width: Int, _ place: Int) -> UInt64? {
            let place = place + 6
            return order == 0x4949
                ? segment.unsignedLittle(width, at: place) : segment.unsigned(width, at: place)
        }
        guard number(2, 2) == 42, let list = number(4, 4), let count = number(2, Int(list)) else {
            return nil
        }
        for index in 0..<Int(count) {
            let entry = Int(list) + 2 + 12 * index
            guard let entryTag = number(2, entry) else { return nil }
            guard entryTag == tag else { continue }
            guard number(2, entry + 2) == short, let value = number(2, entry + 8),
                (1...8).contains(value)
            else { return nil }
            return Int(value)
        }
        return nil
    }
}
