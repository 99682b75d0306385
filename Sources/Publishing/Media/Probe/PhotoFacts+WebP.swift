extension PhotoFacts {
    /// Reads the first chunk, which says how large the picture is.
    ///
    /// Source: RFC 9649, and RFC 6386 section 9.1 for the lossy kind.
    mutating func readWebP(_ reader: ProbeReader) async throws(ProbeEnd) {
        let head = try await reader.fields(at: 0, count: 30)
        guard let length = head.unsignedLittle(4, at: 4) else { return }
        guard length + 8 <= UInt64(reader.size) else {
            throw .damaged(.cutOff(missingBytes: length + 8 - UInt64(reader.size)))
        }
        switch head.name(at: 12) {
        case "VP8 ": try readLossy(head)
        case "VP8L": try readLossless(head)
        case "VP8X": try readExtended(head)
        default: throw .damaged(.broken(at: 12))
        }
    }

    private mutating func readLossy(_ head: ByteFields) throws(ProbeEnd) {
        guard head.unsigned(3, at: 23) == 0x9D012A, let width = head.unsignedLittle(2, at: 26),
            let height = head.unsignedLittle(2, at: 28)
        else { throw .damaged(.broken(at: 12)) }
        // The upper two bits only ask players to scale.
        size = PictureSize(width & 0x3FFF, height & 0x3FFF)
    }

    private mutating func readLossless(_ head: ByteFields) throws(ProbeEnd) {
        guard head.unsigned(1, at: 20) == 0x2F, let bits = head.unsignedLittle(4, at: 21) else {
            throw .damaged(.broken(at: 12))
        }
        size = PictureSize(bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
    }

    private mutating func readExtended(_ head: ByteFields) throws(ProbeEnd) {
        guard let flags = head.unsigned(1, at: 20), let width = head.unsignedLittle(3, at: 24),
            let height = head.unsignedLittle(3, at: 27)
        else { throw .damaged(.broken(at: 12)) }
        isAnimated = flags & 0x02 != 0
        size = PictureSize(width + 1, height + 1)
    }
}
