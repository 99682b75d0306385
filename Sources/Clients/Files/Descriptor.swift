internal import CLinux
internal import Glibc

/// Owns an open descriptor: moves, never copies, and is closed exactly once.
struct Descriptor: ~Copyable {
    let number: CInt

    init(owning number: CInt) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Hands the descriptor to someone else, who closes it.
    consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

    /// For a folder that is only passed through: opening it needs no permission to list it.
    static let folderFlags = linux_path_only_flag() | O_DIRECTORY

    /// Opens a name under a folder, again when a signal came between.
    ///
    /// - Throws: the system's error number, for the caller to name.
    static func open(
        _ name: String,
        in folder: CInt,
        flags: CInt,
        mode: mode_t = 0
    ) throws(SystemCode) -> Descriptor {
        while true {
            let number = openat(folder, name, flags | O_CLOEXEC, mode)
            if number >= 0 { return Descriptor(owning: number) }
            guard errno == EINTR else { throw SystemCode(errno) }
        }
    }
}

/// An `errno` that has not been named yet.
struct SystemCode: Error {
    let number: CInt

    init(_ number: CInt) {
        self.number = number
    }
}
