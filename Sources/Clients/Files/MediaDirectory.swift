internal import Glibc

/// A folder whose files are opened by relative names, and from which no name leads out.
///
/// The folder is opened once; renaming it or putting another in its place later changes nothing.
/// Links that stay inside are followed, absolute ones never. Mounts and hard links below the folder
/// are the operator's own doing and are followed.
package struct MediaDirectory: Sendable {
    private let folder: OpenFolder
    private let threads: BlockingThreads
    private let containment: Containment

    /// Opens the folder.
    ///
    /// - Parameters:
    ///   - path: from settings, so links in it are followed.
    ///   - threads: where opening and reading wait for the disk.
    /// - Throws: `FileError.notFound` also when it is no folder.
    package init(path: String, threads: BlockingThreads = .shared) throws(FileError) {
        try self.init(path: path, threads: threads, containment: .automatic)
    }

    init(
        path: String,
        threads: BlockingThreads = .shared,
        containment: Containment
    ) throws(FileError) {
        folder = try OpenFolder(path)
        self.threads = threads
        self.containment = containment
    }

    /// Opens a regular file, off the calling thread.
    ///
    /// - Parameter relative: parts separated by `/`; no `..`, no backslash, no control characters,
    ///   at most 4096 bytes and 255 a part.
    /// - Returns: the open file; an empty one too.
    /// - Throws: `FileError`; nothing has been read then.
    package func open(_ relative: String) async throws(FileError) -> OpenFile {
        let name = try RelativeName(relative)
        return try await threads.runTyped { [self] () throws(FileError) in
            try open(name)
        }
    }

    /// Opens a regular file on the calling thread, which waits for the disk; otherwise as `open`.
    package func openOnThisThread(_ relative: String) throws(FileError) -> OpenFile {
        try open(RelativeName(relative))
    }

    private func open(_ name: RelativeName) throws(FileError) -> OpenFile {
        try OpenFile(containment.open(name, in: folder.descriptor), threads: threads)
    }
}

/// Holds the folder's descriptor for all copies of a `MediaDirectory`.
private final class OpenFolder: Sendable {
    let descriptor: CInt

    init(_ path: String) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .brokenRule(.hasControlCharacter) }
        do throws(SystemCode) {
            descriptor = try Descriptor.open(path, in: AT_FDCWD, flags: Descriptor.folderFlags)
                .release()
        } catch {
            throw FileError(call: "open", code: error.number)
        }
    }

    deinit {
        close(descriptor)
    }
}
