internal import CCrypto

/// AES-128 in CBC mode with PKCS #7 padding.
///
/// It proves nothing about who wrote the bytes: whoever decrypts checks a signature first.
enum CipherBlockChaining {
    static let blockBytes = 16

    static func encrypt(
        _ plain: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer,
        initializationVector: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let context = CipherContext()
        var bytes = [UInt8](repeating: 0, count: plain.count + blockBytes)
        let count = try bytes.withUnsafeMutableBufferPointer { room throws(CryptoError) in
            try context.run(
                .encrypt,
                plain,
                key: key,
                vector: initializationVector,
                into: .init(room)
            )
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    static func decrypt(
        _ sealed: ArraySlice<UInt8>,
        key: UnsafeRawBufferPointer,
        initializationVector: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        let context = CipherContext()
        return try SecretBytes(capacity: sealed.count + blockBytes) { room throws(CryptoError) in
            try sealed.withUnsafeBufferPointer { sealed throws(CryptoError) in
                try context.run(
                    .decrypt,
                    .init(sealed),
                    key: key,
                    vector: initializationVector,
                    into: room
                )
            }
        }
    }
}

/// Owns an `EVP_CIPHER_CTX`; freeing it wipes the key schedule.
private struct CipherContext: ~Copyable {
    enum Direction: CInt {
        case decrypt = 0
        case encrypt = 1
    }

    private let handle = EVP_CIPHER_CTX_new()

    deinit {
        EVP_CIPHER_CTX_free(handle)
    }

    /// Runs the whole input through the cipher into `output`, which is one block longer.
    ///
    /// The result is how many bytes were written; wrong padding is `.badToken`.
    borrowing func run(
        _ direction: Direction,
        _ input: UnsafeRawBufferPointer,
        key: UnsafeRawBufferPointer,
        vector: [UInt8],
        into output: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) -> Int {
        precondition(key.count == 16 && vector.count == 16, "AES-128 takes 16 bytes of each")
        // Errors left in the thread's queue would be taken for their own by libcurl and libpq.
        defer { ERR_clear_error() }
        let key = key.bindMemory(to: UInt8.self).baseAddress
        let source = input.bindMemory(to: UInt8.self).baseAddress
        let target = output.bindMemory(to: UInt8.self).baseAddress
        var first: CInt = 0
        var last: CInt = 0
        guard
            EVP_CipherInit_ex(handle, EVP_aes_128_cbc(), nil, key, vector, direction.rawValue) == 1,
            EVP_CipherUpdate(handle, target, &first, source, CInt(input.count)) == 1
        else { throw .library(call: "EVP_Cipher") }
        guard EVP_CipherFinal_ex(handle, target?.advanced(by: Int(first)), &last) == 1 else {
            throw .badToken
        }
        return Int(first + last)
    }
}
