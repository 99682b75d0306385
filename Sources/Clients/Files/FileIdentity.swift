internal import Glibc

/// Tells whether a file is still the one that was looked at earlier.
package struct FileIdentity: Sendable, Hashable, Codable {
    /// In bytes.
    package let size: Int64
    /// Last change of the content, in nanoseconds since 1970.
    package let modified: Int64
    package let device: UInt64
    package let inode: UInt64

    package init(size: Int64, modified: Int64, device: UInt64, inode: UInt64) {
        self.size = size
        self.modified = modified
        self.device = device
        self.inode = inode
    }

    /// Asks what an open descriptor leads to.
    ///
    /// - Throws: `FileError.notRegular` when that is no file.
    init(of descriptor: CInt) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError(call: "fstat", code: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .notRegular(.directory)
        case S_IFIFO: throw .notRegular(.fifo)
        case S_IFSOCK: throw .notRegular(.socket)
        case S_IFCHR, S_IFBLK: throw .notRegular(.device)
        case S_IFLNK: throw .notRegular(.link)
        default: throw .notRegular(.unknown)
        }
        let seconds = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        size = Int64(status.st_size)
        modified = seconds.partialValue &+ Int64(status.st_mtim.tv_nsec)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
