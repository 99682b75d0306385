/// The parts of a token: version, time, initialization vector, sealed bytes, signature.
struct FernetToken {
    static let version: UInt8 = 0x80

    /// Seconds since 1970.
    let time: UInt64
    let initializationVector: [UInt8]
    let sealed: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>
    /// Everything before the signature.
    let signed: ArraySlice<UInt8>

    private static let headerBytes = 1 + 8 + CipherBlockChaining.blockBytes
    private static let bytesMin =
        headerBytes + CipherBlockChaining.blockBytes + HMACSHA256.byteCount
    /// What `Fernet.plainBytesMax` comes to, padded, in base64 and with white space around it.
    private static let charactersMax = (Fernet.plainBytesMax + 128) / 3 * 4 + 64

    /// Takes a token apart without believing anything in it.
    ///
    /// - Throws: `CryptoError.badToken`.
    init(_ text: String) throws(CryptoError) {
        guard text.utf8.count <= Self.charactersMax,
            let bytes = Base64URL.decode(
                String(Substring(text.utf8.trimmingWhiteSpace)),
                padding: .required
            ),
            bytes.count >= Self.bytesMin,
            (bytes.count - Self.headerBytes - HMACSHA256.byteCount)
                .isMultiple(of: CipherBlockChaining.blockBytes),
            bytes[0] == Self.version
        else { throw .badToken }
        time = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
        initializationVector = Array(bytes[9..<Self.headerBytes])
        signed = bytes.dropLast(HMACSHA256.byteCount)
        sealed = signed.dropFirst(Self.headerBytes)
        signature = bytes.suffix(HMACSHA256.byteCount)
    }

    /// Puts a token together and signs it.
    static func encode(
        time: UInt64,
        initializationVector: [UInt8],
        sealed: [UInt8],
        signedWith key: FernetKey
    ) -> String {
        var bytes = [version]
        bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: time >> ($0 * 8)) }
        bytes += initializationVector
        bytes += sealed
        bytes += key.signature(of: bytes[...])
        return Base64URL.encode(bytes, padding: .required)
    }

    func isSigned(with key: FernetKey) -> Bool {
        HMACSHA256.isEqual(Array(signature), key.signature(of: signed))
    }
}
