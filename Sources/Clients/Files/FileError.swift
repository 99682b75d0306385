internal import Glibc

/// Why a file was not opened, read or written.
///
/// No case carries the file's name or content.
package enum FileError: Error, Sendable, Equatable, CustomStringConvertible {
    case notFound
    /// The name leads to something that holds no bytes of its own.
    case notRegular(FileKind)
    /// The name leads out of the folder.
    case outsideFolder
    /// The name goes through links that loop, or through one of the kernel's own in `/proc`.
    case badLink
    /// The name itself is refused before the system is asked.
    case brokenRule(FileNameRule)
    case permission
    /// The file is not the one that was looked at before.
    case changed
    /// The process, or the machine, has no descriptors left: worth trying again later.
    case tooManyOpen
    case tooLarge(limit: Int)
    /// The task was cancelled before the answer came.
    case cancelled
    /// Any other failure of a system call.
    case system(call: String, code: CInt)

    package var description: String {
        switch self {
        case .notFound: "no such file"
        case .notRegular(let kind): "\(kind.rawValue), not a file"
        case .outsideFolder: "leads out of the folder"
        case .badLink: "goes through a link that cannot be followed"
        case .brokenRule(let rule): "the name \(rule.rawValue)"
        case .permission: "no permission"
        case .changed: "the file has changed"
        case .tooManyOpen: "too many files are open"
        case .tooLarge(let limit): "larger than \(limit) bytes"
        case .cancelled: "cancelled"
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        }
    }

    /// Names what `errno` says after `call` failed.
    init(call: String, code: CInt) {
        self =
            switch code {
            case ENOENT, ENOTDIR: .notFound
            case EXDEV: .outsideFolder
            case ELOOP: .badLink
            case ENAMETOOLONG: .brokenRule(.isTooLong)
            case EACCES, EPERM: .permission
            case EMFILE, ENFILE: .tooManyOpen
            case ESTALE: .changed
            case EISDIR: .notRegular(.directory)
            case ENXIO: .notRegular(.socket)
            case ENODEV: .notRegular(.device)
            default: .system(call: call, code: code)
            }
    }
}

/// What a name can lead to besides a file.
package enum FileKind: String, Sendable {
    case directory = "a folder"
    case fifo = "a pipe"
    case socket = "a socket"
    case device = "a device"
    case link = "a link"
    case unknown = "something unknown"
}

/// What a relative name must not do.
package enum FileNameRule: String, Sendable, CaseIterable {
    case isEmpty = "is empty"
    case hasControlCharacter = "has a control character"
    case hasBackslash = "has a backslash"
    case isAbsolute = "is absolute"
    case goesUp = "has a \"..\" part"
    case endsWithSlash = "ends with a slash"
    case isTooLong = "is longer than 4096 bytes, or a part of it than 255"
    case isTooDeep = "goes through more than 128 folders"
    // Of addresses only.
    case hasBadEscape = "has a percent sign that encodes no text"
    case isEncodedTwice = "hides a \"..\" part or worse behind a second encoding"
}
