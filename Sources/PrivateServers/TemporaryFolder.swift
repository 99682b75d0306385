internal import FoundationEssentials
internal import Processes

/// A folder for throw-away servers and their files that goes away with this process.
///
/// A small shell process, the caretaker, outlives this one, however it ends: SIGKILL included.
/// When its standard input ends it stops every process whose working folder lies in this folder
/// (those at a terminal excepted: somebody may be looking around) and then removes the folder. So
/// whatever should not be left running is started with a working folder in here.
package final class TemporaryFolder: Sendable {
    /// Absolute, without a slash at the end.
    ///
    /// Other users may pass through, but not list it.
    package let path: String
    private let caretaker: ChildProcess

    /// Makes a folder under TMPDIR, or under /tmp where others cannot enter that.
    package init() throws(PrivateServerError) {
        let path = Self.parent() + "/tiktok-publisher-" + Randomness.text(count: 12)
        do {
            caretaker = try ChildProcess.launch(
                .init(
                    "/bin/sh",
                    ["-c", Caretaker.script, "caretaker", path],
                    workingFolder: "/",
                    input: .heldOpen,
                    output: .discard,
                    hasOwnGroup: true
                )
            )
        } catch {
            throw .process(error)
        }
        self.path = path
        try Folder.make(path, permissions: 0o711)
    }

    /// Makes a folder inside, which others may pass through.
    ///
    /// - Parameter name: what its name begins with; what follows nobody guesses.
    /// - Returns: its path.
    /// - Throws: `PrivateServerError.folder`.
    package func makeFolder(_ name: String) throws(PrivateServerError) -> String {
        try makeFolder(name, owner: nil)
    }

    func makeFolder(_ name: String, owner: SystemUser?) throws(PrivateServerError) -> String {
        let folder = "\(path)/\(name)-\(Randomness.text(count: 6))"
        try Folder.make(folder, permissions: 0o711, owner: owner)
        return folder
    }

    /// Stops what runs in the folder, removes it, and waits until that is done: at most a minute.
    ///
    /// Without this call the same happens, unwaited for, when the last reference goes.
    ///
    /// - Throws: `PrivateServerError.folder` when something was left behind.
    package func remove() async throws(PrivateServerError) {
        caretaker.closeInput()
        // A task of its own, because whoever was interrupted must wait for the end all the same.
        let status = await Task { await caretaker.waitForExit(timeout: .seconds(60)) }.value
        guard status?.isSuccess == true else {
            throw .folder(path: path, reason: "not removed, or its processes did not end")
        }
    }

    /// An unprivileged server must reach its folder, so every folder above must let others pass.
    private static func parent() -> String {
        let wish = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var path = ""
        for name in wish.split(separator: "/") {
            path += "/" + name
            guard Folder.letsOthersPass(path) else { return "/tmp" }
        }
        return path.isEmpty || !wish.hasPrefix("/") ? "/tmp" : path
    }
}

/// Folders, with errors that name them.
enum Folder {
    static func make(
        _ path: String,
        permissions: Int,
        owner: SystemUser? = nil
    ) throws(PrivateServerError) {
        let attributes = attributes(permissions, owner)
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: permissions]
            )
            // Again, because the first time the process's mask takes bits away.
            try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
        } catch {
            throw .folder(path: path, reason: "cannot be made: \(error)")
        }
    }

    /// Writes a file that only its owner can read.
    static func write(
        _ text: String,
        to path: String,
        owner: SystemUser? = nil
    ) throws(PrivateServerError) {
        let attributes = attributes(0o600, owner)
        let manager = FileManager.default
        guard manager.createFile(atPath: path, contents: nil, attributes: attributes) else {
            throw .folder(path: path, reason: "cannot be made")
        }
        do {
            try manager.setAttributes(attributes, ofItemAtPath: path)
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw .folder(path: path, reason: "cannot be written: \(error)")
        }
    }

    private static func attributes(
        _ permissions: Int,
        _ owner: SystemUser?
    ) -> [FileAttributeKey: any Sendable] {
        var attributes: [FileAttributeKey: any Sendable] = [.posixPermissions: permissions]
        if let owner {
            attributes[.ownerAccountID] = Int(owner.userID)
            attributes[.groupOwnerAccountID] = Int(owner.groupID)
        }
        return attributes
    }

    static func letsOthersPass(_ path: String) -> Bool {
        // A folder that cannot be looked at is none that others pass.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        // Which integer it is differs between the two Foundations.
        guard let permissions = attributes?[.posixPermissions] as? any BinaryInteger else {
            return false
        }
        return Int(truncatingIfNeeded: permissions) & 0o001 != 0
    }
}

/// Names and passwords nobody guesses.
enum Randomness {
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")

    /// Letters and digits; the system's generator is a cryptographic one.
    static func text(count: Int) -> String {
        String((0..<count).map { _ in letters[Int.random(in: letters.indices)] })
    }
}
