/// One key of the Fernet specification: half of it signs, the other half encrypts.
///
/// It never prints, and its bytes are wiped when the last copy is gone.
package struct FernetKey: Sendable {
    private let secret: SecretBytes

    private static let byteCount = 32

    /// Reads a key as `generate` writes it; ASCII white space around it is ignored, because keys
    /// come out of files that end with a line break.
    ///
    /// - Throws: `CryptoError.badKey`.
    package init(_ text: String) throws(CryptoError) {
        let text = text.utf8.trimmingWhiteSpace
        // 44 characters make 32 bytes; the decoder wants as much room as there is text.
        guard text.count == 44 else { throw .badKey }
        secret = try SecretBytes(capacity: text.count) { room throws(CryptoError) in
            let written = Base64URL.decode(text, padding: .required, into: room)
            guard let written, written == Self.byteCount else { throw .badKey }
            return written
        }
    }

    private init(_ secret: SecretBytes) {
        self.secret = secret
    }

    /// Makes a new random key.
    ///
    /// - Returns: the key, and the text to store; the text is not wiped.
    /// - Throws: `CryptoError.noRandomness`.
    package static func generate() throws(CryptoError) -> (key: FernetKey, text: String) {
        let secret = try SecretBytes(capacity: byteCount) { room throws(CryptoError) in
            try RandomBytes.fill(room)
            return byteCount
        }
        let text = secret.withBytes { Base64URL.encode($0, padding: .required) }
        return (FernetKey(secret), text)
    }

    func signature(of message: ArraySlice<UInt8>) -> [UInt8] {
        secret.withBytes { key in
            message.withUnsafeBytes { message in
                HMACSHA256.sign(key: .init(rebasing: key[..<16]), message: message)
            }
        }
    }

    func encrypt(
        _ plain: UnsafeRawBufferPointer,
        initializationVector: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try secret.withBytes { key throws(CryptoError) in
            try CipherBlockChaining.encrypt(
                plain,
                key: .init(rebasing: key[16...]),
                initializationVector: initializationVector
            )
        }
    }

    func decrypt(
        _ sealed: ArraySlice<UInt8>,
        initializationVector: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try secret.withBytes { key throws(CryptoError) in
            try CipherBlockChaining.decrypt(
                sealed,
                key: .init(rebasing: key[16...]),
                initializationVector: initializationVector
            )
        }
    }
}

extension FernetKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "FernetKey(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension String.UTF8View {
    /// Without the spaces, tabs and line breaks of ASCII at either end.
    var trimmingWhiteSpace: Substring.UTF8View {
        var text = drop(while: Self.isWhiteSpace)
        while let last = text.last, Self.isWhiteSpace(last) {
            text.removeLast()
        }
        return text
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (9...13).contains(byte)
    }
}
