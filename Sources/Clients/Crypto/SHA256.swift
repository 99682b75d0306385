internal import CCrypto
internal import Synchronization

/// SHA-256 of bytes that are all at hand.
package enum SHA256 {
    package static let byteCount = 32

    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { room, count in
            let result = EVP_Digest(bytes, bytes.count, room.baseAddress, nil, EVP_sha256(), nil)
            precondition(result == 1, "libcrypto has no SHA-256")
            count = byteCount
        }
    }

    /// The digest in lower-case hexadecimal, 64 digits.
    package static func hex(_ bytes: [UInt8]) -> String {
        Hexadecimal.encode(digest(bytes))
    }
}

/// SHA-256 of bytes that come piece by piece.
///
/// May be used from any thread; the order of the calls
/// is the order of the bytes.
package final class SHA256Stream: Sendable {
    private let context = Mutex<DigestContext?>(DigestContext())

    package init() {}

    /// Takes the next piece.
    ///
    /// Must not be called after `finish`.
    package func update(_ bytes: [UInt8]) {
        context.withLock { context in
            precondition(context?.update(bytes) != nil, "a finished digest takes no more bytes")
        }
    }

    /// The digest of everything so far in lower-case hexadecimal, 64 digits.
    ///
    /// May be called once.
    package func finish() -> String {
        let digest = context.withLock { context in
            let digest = context?.finish()
            context = nil
            return digest
        }
        guard let digest else { preconditionFailure("a digest can be finished once") }
        return Hexadecimal.encode(digest)
    }
}

/// Owns an `EVP_MD_CTX`.
private struct DigestContext: ~Copyable {
    private let handle = EVP_MD_CTX_new()

    init() {
        let started = EVP_DigestInit_ex(handle, EVP_sha256(), nil)
        precondition(started == 1, "libcrypto has no SHA-256")
    }

    deinit {
        EVP_MD_CTX_free(handle)
    }

    func update(_ bytes: [UInt8]) {
        let result = EVP_DigestUpdate(handle, bytes, bytes.count)
        precondition(result == 1, "SHA-256 refused bytes")
    }

    func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { room, count in
            let result = EVP_DigestFinal_ex(handle, room.baseAddress, nil)
            precondition(result == 1, "SHA-256 could not be finished")
            count = SHA256.byteCount
        }
    }
}
