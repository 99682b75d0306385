internal import CCrypto

/// Bytes that never print and are wiped when the last owner lets go.
///
/// Comparing two takes a time that depends on their lengths only.
package final class SecretBytes: Sendable {
    /// How many bytes there are.
    package let count: Int

    // Written by `init` before anyone else can see it, and only read from then on.
    private nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer

    /// Lets `fill` write the bytes in place, so that no copy stays behind.
    ///
    /// - Parameters:
    ///   - capacity: the room `fill` gets, zeroed.
    ///   - fill: writes the secret and returns how many bytes of the room it used.
    /// - Throws: what `fill` throws; the room is wiped then too.
    init<Failure>(
        capacity: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        // One byte more, so that an empty secret has an address too.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity + 1, alignment: 16)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        do throws(Failure) {
            count = try fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<capacity]))
        } catch {
            Self.wipe(buffer)
            throw error
        }
        precondition(count <= capacity, "more bytes were written than there is room for")
        self.buffer = buffer
    }

    deinit {
        Self.wipe(buffer)
    }

    /// Copies bytes; the original is the caller's to wipe.
    package convenience init(copying bytes: [UInt8]) {
        self.init(capacity: bytes.count) { room in
            room.copyBytes(from: bytes)
            return bytes.count
        }
    }

    /// A copy that is not wiped: keep it for as short a time as possible.
    package func reveal() -> [UInt8] {
        withBytes { Array($0) }
    }

    func withBytes<Value, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private static func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
        OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }
}

extension SecretBytes: Equatable {
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left.buffer.baseAddress, right.buffer.baseAddress, left.count) == 0
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SecretBytes(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
