internal import CCrypto

/// Keyed signatures (RFC 2104) with SHA-256.
package enum HMACSHA256 {
    package static let byteCount = 32

    /// The 32-byte signature of a message.
    package static func sign(key: [UInt8], message: [UInt8]) -> [UInt8] {
        key.withUnsafeBytes { key in
            message.withUnsafeBytes { sign(key: key, message: $0) }
        }
    }

    package static func sign(key: SecretText, message: [UInt8]) -> [UInt8] {
        key.bytes.withBytes { key in
            message.withUnsafeBytes { sign(key: key, message: $0) }
        }
    }

    /// Whether `signature` is that of `message`; the time taken does not tell where they differ.
    package static func isValid(
        _ signature: [UInt8],
        key: [UInt8],
        message: [UInt8]
    ) -> Bool {
        isEqual(signature, sign(key: key, message: message))
    }

    package static func isValid(
        _ signature: [UInt8],
        key: SecretText,
        message: [UInt8]
    ) -> Bool {
        isEqual(signature, sign(key: key, message: message))
    }

    static func sign(key: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { room, count in
            // An empty key has no address, and libcrypto takes a null key for "the one before".
            let nothing: [UInt8] = [0]
            let result = nothing.withUnsafeBytes { nothing in
                HMAC(
                    EVP_sha256(),
                    key.baseAddress ?? nothing.baseAddress,
                    CInt(key.count),
                    message.bindMemory(to: UInt8.self).baseAddress,
                    message.count,
                    room.baseAddress,
                    nil
                )
            }
            precondition(result != nil, "libcrypto has no HMAC with SHA-256")
            count = byteCount
        }
    }

    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
