internal import CCrypto

/// Bytes nobody can guess, from libcrypto's generator.
///
/// A failure is an error, never a weaker source.
package enum RandomBytes {
    /// Makes `count` bytes, 0 to 65536.
    package static func make(_ count: Int) throws(CryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBufferPointer { room throws(CryptoError) in
            try fill(.init(room))
        }
        return bytes
    }

    /// Makes `count` bytes, 0 to 65536, in lower-case hexadecimal: twice as many digits.
    package static func hex(_ count: Int) throws(CryptoError) -> String {
        Hexadecimal.encode(try make(count))
    }

    static func fill(_ room: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        precondition(room.count <= 65_536, "more than 64 KiB of randomness at once")
        guard let start = room.bindMemory(to: UInt8.self).baseAddress else { return }
        guard RAND_bytes(start, CInt(room.count)) == 1 else {
            ERR_clear_error()
            throw .noRandomness
        }
    }
}
