internal import Glibc

/// Follows a name part by part without ever letting the kernel follow a link, so that no rename or
/// exchanged link in between can lead out of the folder.
///
/// Links are read and followed here: relative ones that stay inside are allowed, as with the
/// kernel's `RESOLVE_BENEATH`. `..` goes back to the folder the walk came through, which is held
/// open.
struct FolderWalk: ~Copyable {
    /// As many links as the kernel follows.
    private static let linksMax = 40

    private let root: CInt
    /// The folders below the root that the walk is in, outermost first.
    private var folders = FolderStack()
    /// Parts still to follow, the next one last.
    ///
    /// Empty ones are kept: `a/` asks for a folder.
    private var pending: [Substring]
    private var linkCount = 0

    static func open(_ name: RelativeName, in root: CInt) throws(FileError) -> Descriptor {
        var walk = FolderWalk(root: root, pending: parts(of: name.text))
        return try walk.run()
    }

    private init(root: CInt, pending: [Substring]) {
        self.root = root
        self.pending = pending
    }

    private static func parts(of path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false).reversed()
    }

    /// Ends because every step takes a part away, and links, which add some, are counted.
    private mutating func run() throws(FileError) -> Descriptor {
        while let part = pending.popLast() {
            switch part {
            case "", ".": continue
            case "..":
                guard folders.removeLast() else { throw .outsideFolder }
            default:
                if let file = try enter(String(part)) { return file }
            }
        }
        throw .notRegular(.directory)
    }

    /// Takes one step.
    ///
    /// - Returns: what the last part leads to; `nil` while there are parts to follow.
    private mutating func enter(_ part: String) throws(FileError) -> Descriptor? {
        let isLast = pending.isEmpty
        let flags = isLast ? Containment.flags : Descriptor.folderFlags
        do throws(SystemCode) {
            let next = try Descriptor.open(part, in: here, flags: flags | O_NOFOLLOW)
            if isLast { return next }
            guard folders.append(next) else { throw SystemCode(ENAMETOOLONG) }
            return nil
        } catch {
            // A link answers ELOOP, or ENOTDIR where a folder was asked for.
            guard error.number == ELOOP || error.number == ENOTDIR else {
                throw FileError(call: "openat", code: error.number)
            }
        }
        try follow(linkTarget(of: part))
        return nil
    }

    private mutating func follow(_ target: String) throws(FileError) {
        linkCount += 1
        guard linkCount <= Self.linksMax else { throw .badLink }
        guard !target.hasPrefix("/") else { throw .outsideFolder }
        pending += Self.parts(of: target)
    }

    private func linkTarget(of part: String) throws(FileError) -> String {
        let capacity = 4096
        var code: CInt = 0
        let target = [UInt8](unsafeUninitializedCapacity: capacity) { room, count in
            guard let start = room.baseAddress else { return }
            let length = start.withMemoryRebound(to: CChar.self, capacity: capacity) { start in
                readlinkat(here, part, start, capacity)
            }
            code = length < 0 ? errno : 0
            count = max(length, 0)
        }
        // EINVAL: no link at all, so a file stands where the name wants a folder.
        guard code == 0 else {
            throw FileError(call: "readlinkat", code: code == EINVAL ? ENOTDIR : code)
        }
        guard !target.isEmpty, target.count < capacity else { throw .badLink }
        return String(decoding: target, as: UTF8.self)
    }

    private var here: CInt { folders.last ?? root }
}

/// Open folders, each inside the one before; all are closed when the stack goes.
private struct FolderStack: ~Copyable {
    private var numbers: [CInt] = []

    deinit {
        for number in numbers { close(number) }
    }

    var last: CInt? { numbers.last }

    /// - Returns: `false` when there are too many already.
    mutating func append(_ folder: consuming Descriptor) -> Bool {
        guard numbers.count < RelativeName.depthMax else { return false }
        numbers.append(folder.release())
        return true
    }

    /// - Returns: `false` when there is none.
    mutating func removeLast() -> Bool {
        guard let number = numbers.popLast() else { return false }
        close(number)
        return true
    }
}
