internal import Crypto
package import Files
internal import Synchronization

/// A video as a stream of pieces, hashed on the way when they are read in order.
///
/// A piece is hashed while it is sent: the next read waits for that, so one piece is held at most.
package final class HashingSource: Sendable {
    private let source: any ByteSource
    private let stream = SHA256Stream()
    /// Bytes from the start that are in the hash.
    private let hashed = Mutex<Int64>(0)

    /// The piece being hashed.
    private let hashing = Mutex<Task<Void, Never>?>(nil)

    private static let pieceBytes = 256 * 1024

    /// Why the last read failed: the client that sends the bytes keeps no more than a text of it.
    private let lastTrouble = Mutex<Stop?>(nil)

    package init(_ source: some ByteSource) {
        self.source = source
    }

    package convenience init(_ file: OpenFile) {
        self.init(FileSource(file))
    }

    /// Why the last read failed, if it did.
    var trouble: Stop? { lastTrouble.withLock { $0 } }

    private func readNoting(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        do throws(Stop) {
            let bytes = try await source.read(at: offset, count: count)
            guard bytes.count == count else { throw .refused(.mediaChanged) }
            lastTrouble.withLock { $0 = nil }
            return bytes
        } catch {
            // A read given up says nothing of the source.
            if case .lost = error { throw error }
            lastTrouble.withLock { $0 = error }
            throw error
        }
    }

    /// Reads `count` bytes at `offset`; fewer only at the end of the file, which is then an error:
    /// the file became shorter.
    package func read(at offset: Int64, count: Int) async throws -> [UInt8] {
        let bytes = try await readNoting(at: offset, count: count)
        await finishHashing()
        hashing.withLock { task in
            task = Task.detached { self.hash(bytes, at: offset) }
        }
        return bytes
    }

    /// Whether every byte was read in order, so that the hash costs nothing more.
    var isWhole: Bool { hashed.withLock { $0 == source.size } }

    private func finishHashing() async {
        await hashing.withLock(\.self)?.value
    }

    /// As `sha256`, where every byte was read in order: then nothing must be read again.
    func sha256IfWhole() async -> String? {
        await finishHashing()
        return isWhole ? stream.finish() : nil
    }

    /// The hash of the whole file, in lowercase hex.
    ///
    /// Reads again what was sent out of order or by an earlier worker.
    @concurrent
    package func sha256() async throws(Stop) -> String {
        await finishHashing()
        let end = source.size
        while case let offset = hashed.withLock({ $0 }), offset < end {
            let count = Int(min(Int64(Self.pieceBytes), end - offset))
            let bytes = try await readNoting(at: offset, count: count)
            hash(bytes, at: offset)
        }
        return stream.finish()
    }

    private func hash(_ bytes: [UInt8], at offset: Int64) {
        hashed.withLock { hashed in
            guard offset <= hashed, hashed < offset + Int64(bytes.count) else { return }
            stream.update(hashed == offset ? bytes : Array(bytes.dropFirst(Int(hashed - offset))))
            hashed = offset + Int64(bytes.count)
        }
    }
}
