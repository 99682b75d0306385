/// Bytes that have come and are not used yet, taken by line or by count.
struct LineBuffer {
    private var bytes: [UInt8] = []
    private var start = 0
    /// Up to here no line break was found, so that a slow peer costs no second look.
    private var searched = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ more: [UInt8]) {
        if isEmpty {
            bytes = more
        } else {
            // The used part goes, so that the buffer holds no more than one head and one read.
            bytes.removeSubrange(..<start)
            bytes += more
        }
        searched -= start
        start = 0
        searched = max(searched, 0)
    }

    /// The next line without its CR LF; `nil` when it is not complete yet.
    ///
    /// With more than `limit` bytes, line break included, `refusal` is thrown.
    mutating func take(
        limit: Int,
        else refusal: HTTPRefusal
    ) throws(HTTPRefusal) -> ArraySlice<UInt8>? {
        let allowed = min(bytes.endIndex, start + limit)
        guard let end = bytes[searched..<max(searched, allowed)].firstIndex(of: 0x0A) else {
            guard count <= limit else { throw refusal }
            searched = bytes.endIndex
            return nil
        }
        guard end > start, bytes[end - 1] == 0x0D else {
            throw .malformed("a line that does not end with CR LF")
        }
        let line = bytes[start..<(end - 1)]
        start = end + 1
        searched = start
        return line
    }

    mutating func takeBytes(_ wanted: Int) -> [UInt8] {
        let taken = Array(bytes[start..<(start + wanted)])
        start += wanted
        searched = start
        return taken
    }
}
