/// How a video is cut for TikTok, fixed when the upload is opened.
///
/// The count is floor(size / chunk), never rounded up; what is left over rides in the last chunk,
/// which is therefore up to twice as long. One chunk must be declared with the size of the file, or
/// TikTok refuses it: a file shorter than two chunks goes whole. Source: Media Transfer Guide (copy
/// of 2026-09-11); the one-chunk rule is enforced since about 2026-08-10 and documented nowhere.
package struct ChunkPlan: Sendable, Equatable {
    /// Bytes of the file.
    package let size: Int64
    /// Bytes of every chunk but the last.
    package let chunkSize: Int64
    package let count: Int64

    /// Plans an upload.
    ///
    /// - Parameters:
    ///   - size: bytes of the file, 1 to `UploadLimits.videoBytesMax`.
    ///   - preferred: chunk size wished for, `UploadLimits.chunkBytesMin` to
    ///     `plannedChunkBytesMax`.
    /// - Throws: which of the two numbers is out of bounds.
    package init(
        size: Int64,
        preferred: Int64 = UploadLimits.plannedChunkBytesDefault
    ) throws(ChunkPlanError) {
        guard size > 0 else { throw .empty }
        guard size <= UploadLimits.videoBytesMax else { throw .tooLarge(size) }
        guard
            (UploadLimits.chunkBytesMin...UploadLimits.plannedChunkBytesMax).contains(preferred)
        else { throw .badChunkSize(preferred) }
        let whole = size / preferred
        self.size = size
        chunkSize = whole < 2 ? size : preferred
        count = whole < 2 ? 1 : whole
    }

    /// Takes up a plan that was declared to TikTok before and stored.
    ///
    /// - Throws: `.inconsistent` when the three numbers break TikTok's rules.
    package init(size: Int64, chunkSize: Int64, count: Int64) throws(ChunkPlanError) {
        guard (1...UploadLimits.videoBytesMax).contains(size), (1...size).contains(chunkSize),
            (1...UploadLimits.chunkCountMax).contains(count), count == size / chunkSize,
            count > 1 || chunkSize == size, chunkSize <= UploadLimits.chunkBytesMax,
            count == 1 || chunkSize >= UploadLimits.chunkBytesMin
        else { throw .inconsistent }
        self.size = size
        self.chunkSize = chunkSize
        self.count = count
    }

    package var indices: Range<Int64> { 0..<count }

    package func isLast(_ index: Int64) -> Bool { index == count - 1 }

    /// The bytes of one chunk, of index 0 to `count - 1`.
    package func chunk(_ index: Int64) -> Chunk {
        precondition(indices.contains(index), "a plan has no chunk of that index")
        let first = index * chunkSize
        let end = isLast(index) ? size : first + chunkSize
        return Chunk(index: index, first: first, last: end - 1, total: size)
    }

    /// How many whole chunks TikTok holds when it reports a number of bytes.
    ///
    /// Whether TikTok counts bytes or names the last one is not documented, so for a chunk boundary
    /// B both B and B − 1 are understood.
    ///
    /// - Returns: 0 to `count`; `nil` when the number is at no boundary or out of range.
    package func chunksStored(reported: Int64) -> Int64? {
        guard (0...size).contains(reported) else { return nil }
        if reported >= size - 1 { return count }
        if reported % chunkSize == 0, reported / chunkSize < count { return reported / chunkSize }
        let next = reported + 1
        if next % chunkSize == 0, next / chunkSize < count { return next / chunkSize }
        return nil
    }
}

/// One piece of a file, as it is sent.
package struct Chunk: Sendable, Equatable {
    package let index: Int64
    /// Offset of the first byte.
    package let first: Int64
    /// Offset of the last byte, which is part of the chunk.
    package let last: Int64
    /// Bytes of the whole file.
    package let total: Int64

    package var length: Int64 { last - first + 1 }

    /// The value of the `Content-Range` header.
    package var contentRange: String { "bytes \(first)-\(last)/\(total)" }
}

/// Why a file cannot be cut as wished.
package enum ChunkPlanError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooLarge(Int64)
    case badChunkSize(Int64)
    case inconsistent

    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .tooLarge(let size):
            "\(size) bytes; TikTok takes at most \(UploadLimits.videoBytesMax)"
        case .badChunkSize(let size):
            "chunks of \(size) bytes; allowed are \(UploadLimits.chunkBytesMin)"
                + " to \(UploadLimits.plannedChunkBytesMax)"
        case .inconsistent: "size, chunk size and count of the stored plan do not fit together"
        }
    }
}
