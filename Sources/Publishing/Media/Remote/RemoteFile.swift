package import HTTP

/// A file behind an https address, read by ranges.
///
/// Pinned when it is opened: a read fails as changed when the server's tag or length is another
/// one. Reads have their own tries and deadlines.
package struct RemoteFile: ByteSource {
    package let identity: RemoteIdentity
    private let session: RemoteSession
    /// What came with the opening, from the first byte on: a probe asks for it next.
    private let head: [UInt8]

    package var size: Int64 { identity.size }

    /// Opens a file by reading its first bytes.
    ///
    /// - Throws: `Stop.refused` for what the address will never give, `.failed` for what it may
    ///   give later.
    package init(
        opening url: GuardedURL,
        through client: GuardedClient,
        limits: RemoteLimits = RemoteLimits()
    ) async throws(Stop) {
        session = RemoteSession(url, through: client, limits: limits)
        let first = try await session.fetch(
            0..<Int64(limits.firstBytes),
            of: nil,
            bodyBytes: max(limits.firstBytes, limits.wholeBytes)
        )
        head = first.bytes
        identity = first.identity
    }

    package func read(at offset: Int64, count: Int) async throws(Stop) -> [UInt8] {
        let end = min(offset + Int64(count), size)
        guard offset >= 0, offset < end else { return [] }
        if end <= head.count { return Array(head[Int(offset)..<Int(end)]) }
        return try await session.fetch(offset..<end, of: identity, bodyBytes: Int(end - offset))
            .bytes
    }
}
