/// Why a cryptographic step failed.
///
/// No case carries a key, a token or plain text.
package enum CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A Fernet key is not the padded base64url of 32 bytes.
    case badKey
    /// `Fernet` was given no key at all.
    case noKeys
    /// A token is damaged, forged, out of its time, or sealed with another key.
    ///
    /// Which of these it was is not told: the difference would help only someone who forges tokens.
    case badToken
    /// What should be sealed is longer than `Fernet.plainBytesMax`.
    case tooLong(limit: Int)
    /// The system's random generator gave nothing.
    case noRandomness
    /// A libcrypto function failed, most likely for want of memory.
    case library(call: String)

    package var description: String {
        switch self {
        case .badKey: "not a Fernet key: 32 bytes in base64url, 44 characters with the padding"
        case .noKeys: "no Fernet key was given"
        case .badToken: "the token cannot be opened with any of the keys"
        case .tooLong(let limit): "longer than \(limit) bytes"
        case .noRandomness: "the random generator failed"
        case .library(let call): "\(call) failed"
        }
    }
}
