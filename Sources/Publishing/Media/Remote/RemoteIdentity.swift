internal import Crypto
internal import HTTP

/// Tells whether what a server sends is still the file that was opened.
package struct RemoteIdentity: Sendable, Equatable {
    /// In bytes.
    package let size: Int64
    /// As the server wrote it.
    let entityTag: String?
    let lastModified: String?

    init(size: Int64, _ headers: HTTPHeaders) {
        self.size = size
        entityTag = headers["ETag"].flatMap { $0.isEmpty ? nil : $0 }
        lastModified = headers["Last-Modified"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether another reply is about the same file.
    ///
    /// Servers behind one address may differ in their dates, so a date counts only without tags. A
    /// server that gives neither is held to the length alone.
    func isSame(as other: RemoteIdentity) -> Bool {
        guard size == other.size else { return false }
        if entityTag != nil || other.entityTag != nil {
            return bareTag == other.bareTag
        }
        return lastModified == other.lastModified
    }

    /// Asks the server to refuse when the file is another one: RFC 9110, section 13.1.
    var conditions: [(name: String, value: String)] {
        if let entityTag {
            // Weak tags never match there.
            return entityTag.hasPrefix("W/") ? [] : [("If-Match", entityTag)]
        }
        return lastModified.map { [("If-Unmodified-Since", $0)] } ?? []
    }

    private var bareTag: String? {
        entityTag.map { $0.hasPrefix("W/") ? String($0.dropFirst(2)) : $0 }
    }
}

extension Ledger.SourceIdentity {
    /// For a file behind an address; the tag stands where files have their inode.
    init(_ identity: RemoteIdentity) {
        let validator = identity.entityTag ?? identity.lastModified ?? ""
        bytes = identity.size
        modifiedNanoseconds = 0
        // A digest, because a tag may be as long as the server likes.
        inode = "tag:" + SHA256.hex(Array(validator.utf8))
    }
}
