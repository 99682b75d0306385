internal import Crypto
internal import Synchronization

/// The SHA-256 of a file that arrives in chunks, each of which may break and come again.
///
/// Every byte is hashed once, when it comes for the first time. Bytes that come again are compared
/// with a sample of what came before; a difference marks the whole file as `mixed`.
final class FileDigest: Sendable {
    private struct Progress {
        let stream = SHA256Stream()
        /// Bytes hashed so far.
        var hashed: Int64 = 0
        /// Every `sampleStep`-th byte of the chunk that began at `chunkStart`.
        var samples: [UInt8] = []
        var chunkStart: Int64 = 0
        /// The newest attempt at a chunk; bytes of an older one count for nothing.
        var attempt = 0
        var isMixed = false
        /// Enough of the beginning to recognise the format.
        var beginning: [UInt8] = []
    }

    static let mixed = "mixed"
    private static let sampleStep: Int64 = 4096

    private let progress = Mutex(Progress())

    /// Called before the bytes of a chunk come, also when they come again; attempts only grow.
    func startChunk(at offset: Int64, attempt: Int) {
        progress.withLock { own in
            own.attempt = attempt
            guard own.chunkStart != offset else { return }
            own.chunkStart = offset
            own.samples = []
        }
    }

    /// Takes bytes that belong at `offset` of the file, never beyond what came before.
    ///
    /// The connection of a client that is gone may still bring some, when another has gone on.
    func take(_ piece: [UInt8], at offset: Int64, attempt: Int) {
        progress.withLock { own in
            guard attempt == own.attempt else { return }
            Self.compare(piece, at: offset, &own)
            if own.beginning.count < 12, offset == own.beginning.count {
                own.beginning += piece.prefix(12 - own.beginning.count)
            }
            let fresh = offset + Int64(piece.count) - own.hashed
            guard fresh > 0 else { return }
            own.stream.update(fresh == piece.count ? piece : Array(piece.suffix(Int(fresh))))
            own.hashed += fresh
        }
    }

    /// Lowercase hex once all bytes are here, or `mixed`; called once.
    func finish() -> String {
        let (stream, isMixed) = progress.withLock { ($0.stream, $0.isMixed) }
        let hex = stream.finish()
        return isMixed ? Self.mixed : hex
    }

    /// Whether the file begins like MP4 or QuickTime (`ftyp` at 4) or WebM (the EBML mark).
    var looksLikeVideo: Bool {
        let beginning = progress.withLock { $0.beginning }
        return beginning.dropFirst(4).prefix(4).elementsEqual("ftyp".utf8)
            || beginning.starts(with: [0x1A, 0x45, 0xDF, 0xA3])
    }

    private static func compare(_ piece: [UInt8], at offset: Int64, _ own: inout Progress) {
        // An attempt that was replaced may still bring bytes of an earlier chunk.
        guard offset >= own.chunkStart else { return }
        let place = offset - own.chunkStart
        var sample = (place + sampleStep - 1) / sampleStep
        while sample * sampleStep < place + Int64(piece.count) {
            let byte = piece[Int(sample * sampleStep - place)]
            if sample == own.samples.count {
                own.samples.append(byte)
            } else if sample < own.samples.count, own.samples[Int(sample)] != byte {
                own.isMixed = true
            }
            sample += 1
        }
    }
}
