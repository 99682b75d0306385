package import FoundationEssentials
internal import Files

/// What PostgreSQL knows of one post under way: enough for any worker to go on with it.
package struct Ledger: Sendable, Equatable {
    package var publishID: String?
    package var upload: Upload?
    /// When to stop asking TikTok for the verdict.
    package var verdictDeadline: Date?
    /// When an init that posts by itself was about to be sent.
    package var initStartedAt: Date?

    /// An upload that TikTok has agreed to.
    package struct Upload: Sendable, Equatable {
        /// Encrypted: the address holds a credential.
        package let sealedAddress: String
        /// No chunk is started after this.
        package let expiresAt: Date
        package let chunkBytes: Int64
        package let chunkCount: Int
        package let source: SourceIdentity
        /// Bytes that TikTok has confirmed.
        package var sentBytes: Int64
    }

    /// Which file it was when the upload began; another one must not be appended to it.
    package struct SourceIdentity: Sendable, Equatable {
        package let bytes: Int64
        package let modifiedNanoseconds: Int64
        package let inode: String
    }
}

extension Ledger {
    /// Whether an init that posts by itself was begun, and nobody lived to note its answer.
    var isInitUnanswered: Bool { initStartedAt != nil && publishID == nil }

    /// Whether TikTok lacks bytes that we never saw it take.
    ///
    /// Once the end of the upload is recorded its count is not asked any more: it may lag.
    func lacksBytes(uploaded: Int64?) -> Bool {
        guard let upload, let uploaded, upload.sentBytes < upload.source.bytes else { return false }
        // The count may be the last byte's offset.
        return uploaded < upload.source.bytes - 1
    }
}

extension Ledger.SourceIdentity {
    /// Without the device: the same file on shared storage has another one on every host.
    init(_ identity: FileIdentity) {
        bytes = identity.size
        modifiedNanoseconds = identity.modified
        inode = "\(identity.inode)"
    }
}
