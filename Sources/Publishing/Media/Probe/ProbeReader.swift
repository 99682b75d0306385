/// Reads pieces of a source within a budget, and reads ahead: neighbours cost one read.
///
/// A probe that has used up its budget ends with what it knows by then; so no file, however it is
/// built, costs more than this.
final class ProbeReader {
    /// Together under a million bytes.
    static let bytesMax = 960 * 1024
    static let readsMax = 64
    /// Boxes, elements or segments that are looked at.
    static let partsMax = 10_000

    /// Read at once while there is plenty: the headers of most files.
    static let readAhead = 64 * 1024
    /// Read at once when half the budget is gone: a file of many small fragments.
    static let frugalReadAhead = 8 * 1024

    let size: Int64
    private let source: any ByteSource
    private var readsLeft = readsMax
    private var bytesLeft = bytesMax
    private var partsLeft = partsMax
    /// What must be left over for a later look at the end of the file.
    private var reserve = (reads: 0, bytes: 0, parts: 0)

    private var windowStart: Int64 = 0
    private var window: [UInt8] = []

    init(_ source: any ByteSource) {
        self.source = source
        size = max(0, source.size)
    }

    /// Keeps a part of the budget back, or gives it free again.
    func keepBack(reads: Int, bytes: Int, parts: Int) {
        reserve = (reads, bytes, parts)
    }

    /// Reads a piece; it ends where the source does.
    ///
    /// - Throws: `.exhausted`; `.stopped` when the source cannot be read.
    func fields(at offset: Int64, count: Int) async throws(ProbeEnd) -> ByteFields {
        guard (0..<size).contains(offset), count > 0 else { return ByteFields(bytes: []) }
        let count = Int(min(Int64(count), size - offset))
        if offset < windowStart || offset + Int64(count) > windowStart + Int64(window.count) {
            try await moveWindow(to: offset, count: count)
        }
        let first = Int(offset - windowStart)
        return ByteFields(bytes: window[first..<first + count])
    }

    /// Counts one box, element or segment.
    func countPart() throws(ProbeEnd) {
        guard partsLeft > reserve.parts else { throw .exhausted }
        partsLeft -= 1
    }

    private func moveWindow(to offset: Int64, count: Int) async throws(ProbeEnd) {
        let affordable = bytesLeft - reserve.bytes
        let ahead = bytesLeft > Self.bytesMax / 2 ? Self.readAhead : Self.frugalReadAhead
        let wanted = Int(min(Int64(max(count, min(ahead, affordable))), size - offset))
        guard readsLeft > reserve.reads, wanted <= affordable else { throw .exhausted }
        readsLeft -= 1
        bytesLeft -= wanted
        do throws(Stop) {
            window = try await source.read(at: offset, count: wanted)
        } catch {
            throw .stopped(error)
        }
        windowStart = offset
        guard window.count == wanted else { throw .stopped(.refused(.mediaChanged)) }
    }
}

/// Why a probe ends before it has seen all it looks for.
enum ProbeEnd: Error {
    /// The source cannot be read.
    case stopped(Stop)
    /// The budget is used up; what is known by then counts.
    case exhausted
    /// The file contradicts itself.
    case damaged(MediaDamage)
}
