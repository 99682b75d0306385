internal import CLinux
internal import Glibc

/// A regular file open for reading.
///
/// Everything is read through the one descriptor, never by name again, so that the file that was
/// checked is the file that is sent. Closed when the last owner lets go.
package final class OpenFile: Sendable {
    /// What the file was when it was opened.
    package let identity: FileIdentity

    private let descriptor: CInt
    private let threads: BlockingThreads

    /// Longest piece `read` gives at once, in bytes.
    package static let pieceBytesMax = 64 << 20

    /// Takes over the descriptor; it is closed when it leads to no regular file.
    init(_ file: consuming Descriptor, threads: BlockingThreads) throws(FileError) {
        identity = try FileIdentity(of: file.number)
        descriptor = file.release()
        self.threads = threads
        // A hint: twice the usual read-ahead. Without it everything works as well.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit {
        close(descriptor)
    }

    /// Longest piece that is read on the calling thread, in bytes: copying it takes well under a
    /// millisecond.
    static let cachedBytesMax = 512 * 1024

    /// Reads a piece, off the calling thread unless all of it is in the system's memory already:
    /// two changes of threads cost more than copying a small piece.
    ///
    /// - Parameters:
    ///   - offset: where the piece begins, in bytes, 0 or more.
    ///   - count: how many bytes, 0 to `pieceBytesMax`.
    /// - Returns: as many bytes as asked for; fewer only where the file ends.
    /// - Throws: `FileError.cancelled` when the task is; `.system` when the disk fails.
    package func read(at offset: Int64, count: Int) async throws(FileError) -> [UInt8] {
        precondition(offset >= 0 && (0...Self.pieceBytesMax).contains(count), "no such piece")
        guard !Task.isCancelled else { throw .cancelled }
        if let bytes = readCached(at: offset, count: count) { return bytes }
        return try await threads.runTyped { [self] () throws(FileError) in
            try readOnThisThread(at: offset, count: count)
        }
    }

    /// What the file is now: it differs from `identity` when someone wrote to it since.
    ///
    /// - Throws: `FileError.system`, `.cancelled`.
    package func currentIdentity() async throws(FileError) -> FileIdentity {
        try await threads.runTyped { [self] () throws(FileError) in
            try FileIdentity(of: descriptor)
        }
    }

    /// Checks that nobody wrote to the file since it was opened.
    ///
    /// - Throws: `FileError.changed`, `.system`, `.cancelled`.
    package func checkUnchanged() async throws(FileError) {
        guard try await currentIdentity() == identity else { throw .changed }
    }

    /// Reads a piece without waiting for the disk.
    ///
    /// - Returns: `nil` when some of it is not in memory, and where the system cannot tell.
    private func readCached(at offset: Int64, count: Int) -> [UInt8]? {
        guard count <= Self.cachedBytesMax, offset <= identity.size - Int64(count) else {
            return nil
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            filled = max(0, linux_read_cached(descriptor, room.baseAddress, room.count, offset))
        }
        return bytes.count == count ? bytes : nil
    }

    func readOnThisThread(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            while filled < count {
                let rest = UnsafeMutableBufferPointer(rebasing: room[filled...])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + filled)
                if got == 0 { return }
                if got > 0 {
                    filled += got
                } else if errno != EINTR {
                    failure = FileError(call: "pread", code: errno)
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
