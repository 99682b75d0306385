internal import CLinux
internal import Glibc

/// What the program can learn of the terminal it may be attached to.
package enum Terminal {
    /// Whether a descriptor (1: standard output, 2: standard error) is a terminal.
    package static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1
    }

    /// Columns of the terminal behind a descriptor; `nil` when it is none or does not say.
    package static func width(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

/// The name of this machine.
package enum Hostname {
    /// As the kernel knows it; "localhost" when it does not say.
    package static var current: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(nulTerminated: name)
        return text.isEmpty ? "localhost" : text
    }
}

/// Who this process is to the system.
package enum ProcessIdentity {
    package static var pid: Int32 { getpid() }

    /// Whether it runs with all rights, as user 0.
    package static var isRoot: Bool { geteuid() == 0 }
}

/// A user of this machine.
package struct SystemUser: Sendable, Equatable {
    package let name: String
    package let userID: UInt32
    package let groupID: UInt32

    /// Looks a user up.
    ///
    /// - Returns: `nil` when there is none of that name.
    package init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &entry, &texts, texts.count, &found) == 0, found != nil else {
            return nil
        }
        self.name = name
        userID = entry.pw_uid
        groupID = entry.pw_gid
    }
}

/// Switches of the whole process.
package enum System {
    /// Ends the process at once; `code` is what its parent sees.
    ///
    /// Runs no library's clean-up: those of libcrypto and others free what threads that are just
    /// ending still use. What was printed still comes out.
    package static func exit(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// Makes sure that a crash writes no memory, which holds secrets, to a disk.
    ///
    /// The limit alone does not do: the kernel ignores it where cores go to a program. A child is
    /// not affected beyond the limit, which it inherits.
    ///
    /// - Throws: `ProcessError.system` when the system refuses.
    package static func disableCoreDumps() throws(ProcessError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
            throw .system(call: "setrlimit", reason: ProcessError.reason(errno))
        }
        guard processControl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 else {
            throw .system(call: "prctl", reason: ProcessError.reason(errno))
        }
    }
}
