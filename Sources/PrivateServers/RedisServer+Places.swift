internal import FoundationEssentials

/// Servers that belong together, other settings, and older data.
extension RedisServer {
    /// Starts a replica of this server, with the same password.
    ///
    /// - Parameter folder: what ends the replica if nobody else does.
    /// - Returns: the replica, which may not have all data yet.
    /// - Throws: as `start`.
    package func startReplica(
        in folder: TemporaryFolder
    ) async throws(PrivateServerError) -> RedisServer {
        try await RedisServer.start(
            in: folder,
            password: password,
            configuration: ["replicaof 127.0.0.1 \(port)", "masterauth \(password)"]
        )
    }

    /// Adds lines to redis.conf, which count from the next start on.
    ///
    /// - Throws: `PrivateServerError.folder`.
    package func configure(_ lines: [String]) throws(PrivateServerError) {
        let path = RedisRecipe.configuration(in: folder)
        let before: String
        do {
            before = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .folder(path: path, reason: "cannot be read: \(error)")
        }
        try Folder.write(before + RedisRecipe.text(of: lines), to: path)
    }

    /// Keeps a copy of the append-only files of a server that does not run.
    ///
    /// - Throws: `PrivateServerError.folder`.
    package func keepData() throws(PrivateServerError) {
        try replace(folder + "/kept", with: data)
    }

    /// Puts the copy that was kept back in place of what a server has that does not run.
    ///
    /// - Throws: `PrivateServerError.folder`.
    package func putBackData() throws(PrivateServerError) {
        try replace(data, with: folder + "/kept")
    }

    private var data: String { folder + "/appendonlydir" }

    private func replace(_ path: String, with source: String) throws(PrivateServerError) {
        let manager = FileManager.default
        do {
            if manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
            try manager.copyItem(atPath: source, toPath: path)
        } catch {
            throw .folder(path: path, reason: "cannot be copied from \(source): \(error)")
        }
    }
}
