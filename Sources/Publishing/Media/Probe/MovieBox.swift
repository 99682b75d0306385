/// One box of an MP4 or QuickTime file: a length, a type of four letters, and what is in it.
///
/// Source: ISO/IEC 14496-12, "Object-structured file organization".
struct MovieBox {
    let type: String
    let start: Int64
    /// The first byte after the header.
    let body: Int64
    /// The first byte after the box.
    let end: Int64

    var bodyBytes: Int64 { end - body }
}

extension ProbeReader {
    /// Reads the header of the box that begins at `offset`.
    ///
    /// - Parameter parent: the box around it; `nil` for the file itself.
    /// - Returns: `nil` where the boxes end: QuickTime closes some lists with a few zero bytes.
    /// - Throws: `.damaged` when the box is larger than what is around it, or than no box at all.
    func box(at offset: Int64, in parent: MovieBox?) async throws(ProbeEnd) -> MovieBox? {
        let limit = parent?.end ?? size
        guard limit - offset >= 8 else { return nil }
        try countPart()
        let head = try await fields(at: offset, count: Int(min(16, limit - offset)))
        guard var length = head.unsigned(4, at: 0), let type = head.name(at: 4) else { return nil }
        var headerBytes: UInt64 = 8
        switch length {
        case 0 where parent == nil:
            length = UInt64(size - offset)
        case 0:
            return nil
        case 1:
            guard let long = head.unsigned(8, at: 8) else { throw .damaged(.broken(at: offset)) }
            headerBytes = 16
            length = long
        default: break
        }
        guard length >= headerBytes else { throw .damaged(.broken(at: offset)) }
        let room = UInt64(limit - offset)
        guard length <= room else {
            // Only the file can have been cut; a box in a box is simply wrong.
            let isCut = parent == nil && type.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            throw .damaged(isCut ? .cutOff(missingBytes: length - room) : .broken(at: offset))
        }
        return MovieBox(
            type: type,
            start: offset,
            body: offset + Int64(headerBytes),
            end: offset + Int64(length)
        )
    }

    /// Reads the first bytes of what is in a box.
    func fields(of box: MovieBox, upTo count: Int) async throws(ProbeEnd) -> ByteFields {
        try await fields(at: box.body, count: Int(min(Int64(count), box.bodyBytes)))
    }
}
