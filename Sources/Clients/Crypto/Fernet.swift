package import FoundationEssentials

/// Seals secrets for storage as Fernet tokens: AES-128-CBC, then HMAC-SHA256.
///
/// The first key seals; every key opens, so that keys can be replaced one after the other. Tokens
/// are exchanged with other programs that follow github.com/fernet/spec.
package struct Fernet: Sendable {
    /// Longest secret that can be sealed, in bytes.
    ///
    /// Ours are tokens and addresses of a few hundred.
    package static let plainBytesMax = 1 << 20

    /// How far the clock of whoever sealed may be ahead, in seconds; counts only with a `ttl`.
    private static let clockSkewSeconds: UInt64 = 60

    private let keys: [FernetKey]
    private let firstKey: FernetKey

    /// - Throws: `CryptoError.noKeys` for an empty list.
    package init(keys: [FernetKey]) throws(CryptoError) {
        guard let first = keys.first else { throw .noKeys }
        self.keys = keys
        firstKey = first
    }

    // MARK: Sealing

    /// Seals with the first key; the time is written into the token, unencrypted.
    ///
    /// - Throws: `CryptoError.tooLong`, `.noRandomness`.
    package func seal(_ plain: [UInt8], at time: Date = .now) throws(CryptoError) -> String {
        let vector = try Self.randomVector()
        return try plain.withUnsafeBufferPointer { plain throws(CryptoError) in
            try seal(.init(plain), time: Self.seconds(time), initializationVector: vector)
        }
    }

    package func seal(_ secret: SecretText, at time: Date = .now) throws(CryptoError) -> String {
        let vector = try Self.randomVector()
        return try secret.bytes.withBytes { plain throws(CryptoError) in
            try seal(plain, time: Self.seconds(time), initializationVector: vector)
        }
    }

    func seal(
        _ plain: UnsafeRawBufferPointer,
        time: UInt64,
        initializationVector: [UInt8]
    ) throws(CryptoError) -> String {
        guard plain.count <= Self.plainBytesMax else { throw .tooLong(limit: Self.plainBytesMax) }
        return FernetToken.encode(
            time: time,
            initializationVector: initializationVector,
            sealed: try firstKey.encrypt(plain, initializationVector: initializationVector),
            signedWith: firstKey
        )
    }

    // MARK: Opening

    /// Opens a token that any of the keys sealed; ASCII white space around it is ignored.
    ///
    /// `ttl` is in seconds: a token sealed longer ago than that, or more than a minute in the
    /// future, is refused. Without one, which is right for stored secrets, age does not count.
    ///
    /// - Throws: `CryptoError.badToken`, whatever the reason.
    package func open(
        _ token: String,
        ttl: Int? = nil,
        now: Date = .now
    ) throws(CryptoError) -> SecretBytes {
        let token = try FernetToken(token)
        if let ttl { try Self.checkAge(of: token, ttl: ttl, now: Self.seconds(now)) }
        return try open(token)
    }

    /// Opens a token that holds UTF-8; otherwise as `open`.
    package func openText(
        _ token: String,
        ttl: Int? = nil,
        now: Date = .now
    ) throws(CryptoError) -> SecretText {
        guard let text = SecretText(try open(token, ttl: ttl, now: now)) else { throw .badToken }
        return text
    }

    // MARK: Replacing keys

    /// Seals again with the first key, keeping the time the token was first sealed.
    ///
    /// - Throws: `CryptoError.badToken` when no key opens the token; `.noRandomness`.
    package func rotate(_ token: String) throws(CryptoError) -> String {
        try rotate(token, initializationVector: try Self.randomVector())
    }

    func rotate(_ token: String, initializationVector: [UInt8]) throws(CryptoError) -> String {
        let token = try FernetToken(token)
        return try open(token).withBytes { plain throws(CryptoError) in
            try seal(plain, time: token.time, initializationVector: initializationVector)
        }
    }

    /// Whether the first key signed the token, so that `rotate` would gain nothing.
    ///
    /// `false` for what is no token at all.
    package func usesFirstKey(_ token: String) -> Bool {
        // Every failure means the same here: not sealed with the first key.
        (try? FernetToken(token))?.isSigned(with: firstKey) ?? false
    }

    // MARK: Parts

    /// The signature is checked before anything is decrypted: otherwise the padding would tell
    /// someone who alters tokens what is inside.
    private func open(_ token: FernetToken) throws(CryptoError) -> SecretBytes {
        guard let key = keys.first(where: { token.isSigned(with: $0) }) else { throw .badToken }
        return try key.decrypt(
            token.sealed,
            initializationVector: token.initializationVector
        )
    }

    private static func checkAge(
        of token: FernetToken,
        ttl: Int,
        now: UInt64
    ) throws(CryptoError) {
        let end = token.time.addingReportingOverflow(UInt64(max(ttl, 0)))
        let isOver = !end.overflow && end.partialValue < now
        let latest = now + clockSkewSeconds
        guard ttl >= 0, !isOver, token.time <= latest else { throw .badToken }
    }

    private static func randomVector() throws(CryptoError) -> [UInt8] {
        try RandomBytes.make(CipherBlockChaining.blockBytes)
    }

    /// Whole seconds since 1970; times before that, and no time at all, become 0.
    private static func seconds(_ date: Date) -> UInt64 {
        UInt64(exactly: min(date.timeIntervalSince1970, 1e15).rounded(.down)) ?? 0
    }
}
