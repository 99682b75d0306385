internal import Glibc

/// Small files that are read or written in one go, by paths that come from settings or from the
/// command line.
///
/// All of it waits for the disk on the calling thread: where an event loop runs, go through
/// `BlockingThreads`.
package enum WholeFile {
    /// Reads a regular file of at most `limit` bytes.
    ///
    /// - Throws: `FileError`; a pipe or a device is refused, because it might never end.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try open(path, Containment.flags)
        _ = try FileIdentity(of: file.number)
        return try read(file.number, limit: limit)
    }

    /// Reads standard input to its end; however long whoever writes it takes.
    ///
    /// - Throws: `FileError.tooLarge` as soon as there are more than `limit` bytes.
    package static func readStandardInput(limit: Int) throws(FileError) -> [UInt8] {
        try read(STDIN_FILENO, limit: limit)
    }

    /// Writes a file that is there completely or not at all, readable by its owner only.
    ///
    /// An older file of that name is replaced. The bytes and the name have reached the disk when
    /// this returns.
    ///
    /// - Throws: `FileError`; whoever opens the name still finds all of the old or all of the new.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .brokenRule(.hasControlCharacter) }
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard !["", ".", ".."].contains(name) else { throw .notRegular(.directory) }
        let parent = path.dropLast(name.count)
        let folder = try open(parent.isEmpty ? "." : String(parent), O_RDONLY | O_DIRECTORY)
        try replace(String(name), in: folder.number, with: bytes)
    }

    // MARK: Parts

    private static func read(_ descriptor: CInt, limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let got = Glibc.read(descriptor, &piece, piece.count)
            if got == 0 { return bytes }
            if got > 0 {
                bytes += piece.prefix(got)
                guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
            } else if errno == EAGAIN {
                // Whoever shares our standard input may have made it non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw FileError(call: "read", code: errno)
            }
        }
    }

    /// Writes beside the name, then renames: whoever opens it sees all of the old or of the new.
    private static func replace(
        _ name: String,
        in folder: CInt,
        with bytes: [UInt8]
    ) throws(FileError) {
        let draft = ".draft-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        do throws(SystemCode) {
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
            let file = try Descriptor.open(draft, in: folder, flags: flags, mode: 0o600)
            do throws(SystemCode) {
                try fill(file.number, with: bytes)
                try check(renameat(folder, draft, folder, name))
            } catch {
                unlinkat(folder, draft, 0)
                throw error
            }
            try check(fsync(folder))
        } catch {
            throw FileError(call: "write", code: error.number)
        }
    }

    private static func fill(_ file: CInt, with bytes: [UInt8]) throws(SystemCode) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { rest in
                Glibc.write(file, rest.baseAddress, rest.count)
            }
            let code = count < 0 ? errno : EIO
            guard count > 0 || code == EINTR else { throw SystemCode(code) }
            written += max(count, 0)
        }
        try check(fsync(file))
    }

    private static func check(_ result: CInt) throws(SystemCode) {
        guard result >= 0 else { throw SystemCode(errno) }
    }

    private static func open(_ path: String, _ flags: CInt) throws(FileError) -> Descriptor {
        guard !path.utf8.contains(0) else { throw .brokenRule(.hasControlCharacter) }
        do throws(SystemCode) {
            return try Descriptor.open(path, in: AT_FDCWD, flags: flags)
        } catch {
            throw FileError(call: "open", code: error.number)
        }
    }
}
