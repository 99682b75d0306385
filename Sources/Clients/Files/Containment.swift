internal import CLinux
internal import Glibc

/// How a name is kept inside its folder.
enum Containment: Sendable {
    /// The kernel does it, `FolderWalk` where the kernel cannot.
    case automatic
    /// Always `FolderWalk`: what old kernels and strict sandboxes get.
    ///
    /// Tests choose it.
    case walk

    /// Never blocks on a pipe, never gets a terminal.
    static let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC

    /// Opens whatever the name leads to, so long as that is inside the folder.
    func open(_ name: RelativeName, in folder: CInt) throws(FileError) -> Descriptor {
        switch self {
        case .walk: try FolderWalk.open(name, in: folder)
        case .automatic: try Self.openByKernel(name, in: folder)
        }
    }

    private static func openByKernel(
        _ name: RelativeName,
        in folder: CInt
    ) throws(FileError) -> Descriptor {
        // EAGAIN: something was renamed while a ".." inside a link was followed. The walk holds
        // every folder it came through and needs no such retries.
        for _ in 0..<16 {
            let number = linux_openat2(
                folder,
                name.text,
                UInt64(flags),
                UInt64(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
            )
            if number >= 0 { return Descriptor(owning: number) }
            switch errno {
            case EAGAIN, EINTR: continue
            case ENOSYS, EPERM: return try FolderWalk.open(name, in: folder)
            case let code: throw FileError(call: "openat2", code: code)
            }
        }
        return try FolderWalk.open(name, in: folder)
    }
}
