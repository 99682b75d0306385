/// One element of a WebM file: an id, a length and what is in it.
///
/// Source: RFC 8794, sections 4 to 6.
struct EBMLElement {
    let id: UInt64
    let start: Int64
    /// The first byte after the header.
    let body: Int64
    /// The first byte after the element; `nil` when its writer did not know.
    let end: Int64?

    /// Source: RFC 9559, section 5.1, and RFC 8794, section 11.2.
    enum ID {
        static let header: UInt64 = 0x1A45_DFA3
        static let docType: UInt64 = 0x4282
        static let segment: UInt64 = 0x1853_8067
        static let info: UInt64 = 0x1549_A966
        static let timestampScale: UInt64 = 0x2AD7B1
        static let duration: UInt64 = 0x4489
        static let tracks: UInt64 = 0x1654_AE6B
        static let trackEntry: UInt64 = 0xAE
        static let trackType: UInt64 = 0x83
        static let flagEnabled: UInt64 = 0xB9
        static let codecID: UInt64 = 0x86
        static let defaultDuration: UInt64 = 0x23E383
        static let video: UInt64 = 0xE0
        static let pixelWidth: UInt64 = 0xB0
        static let pixelHeight: UInt64 = 0xBA
        static let displayWidth: UInt64 = 0x54B0
        static let displayHeight: UInt64 = 0x54BA
        static let displayUnit: UInt64 = 0x54B2
        static let cluster: UInt64 = 0x1F43_B675
    }
}

extension ProbeReader {
    /// Reads the header of the element that begins at `offset`.
    ///
    /// - Parameter limit: where the element around it ends.
    /// - Returns: `nil` where the elements end.
    /// - Throws: `.damaged` when the element is larger than what is around it, or is none.
    func element(at offset: Int64, upTo limit: Int64) async throws(ProbeEnd) -> EBMLElement? {
        guard offset < limit else { return nil }
        try countPart()
        let head = try await fields(at: offset, count: Int(min(12, limit - offset)))
        guard let first = head.unsigned(1, at: 0), let idBytes = Self.length(first, most: 4) else {
            throw .damaged(.broken(at: offset))
        }
        guard let id = head.unsigned(idBytes, at: 0),
            let second = head.unsigned(1, at: idBytes)
        else { throw .damaged(outgrown(at: offset, limit, by: 1)) }
        guard let sizeBytes = Self.length(second, most: 8) else {
            throw .damaged(.broken(at: offset))
        }
        guard let marked = head.unsigned(sizeBytes, at: idBytes) else {
            throw .damaged(outgrown(at: offset, limit, by: 1))
        }
        let body = offset + Int64(idBytes + sizeBytes)
        // The marker bit gone; all ones stand for "unknown".
        let unknown: UInt64 = (1 << UInt64(7 * sizeBytes)) - 1
        let bytes = marked & unknown
        guard bytes != unknown else {
            return EBMLElement(id: id, start: offset, body: body, end: nil)
        }
        let room = UInt64(limit - body)
        guard bytes <= room else {
            throw .damaged(outgrown(at: offset, limit, by: bytes - room))
        }
        return EBMLElement(id: id, start: offset, body: body, end: body + Int64(bytes))
    }

    /// Only the file can have been cut; an element in an element is simply wrong.
    private func outgrown(at offset: Int64, _ limit: Int64, by bytes: UInt64) -> MediaDamage {
        limit == size ? .cutOff(missingBytes: bytes) : .broken(at: offset)
    }

    /// How many bytes a number has whose first byte this is.
    private static func length(_ first: UInt64, most: Int) -> Int? {
        let length = UInt8(first).leadingZeroBitCount + 1
        return length <= most ? length : nil
    }
}
