/// Stands for an account in logs: the same for the same account and key, and no way back.
package struct AccountTag: Sendable, Hashable, CustomStringConvertible {
    /// Twelve hexadecimal digits.
    package let text: String

    package var description: String { text }

    fileprivate init(text: String) {
        self.text = text
    }
}

/// Makes account tags with a key, so that nobody can find an account by trying names.
package struct AccountTagger: Sendable {
    private let sign: @Sendable ([UInt8]) -> [UInt8]

    /// Takes a keyed hash: HMAC-SHA256 with a key of this installation.
    package init(sign: @escaping @Sendable (_ message: [UInt8]) -> [UInt8]) {
        self.sign = sign
    }

    package func tag(_ account: String) -> AccountTag {
        // The prefix keeps these hashes apart from others made with the same key.
        let digest = sign(Array("account-tag:\(account)".utf8))
        precondition(digest.count >= 6, "a keyed hash has at least six bytes")
        let digits = digest.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return AccountTag(text: digits.joined())
    }
}
