internal import JSON

/// The number of a published post, digit for digit; it lies above 2^53.
package struct PostID: Hashable, Sendable, CustomStringConvertible {
    /// 1–20 digits, not zero.
    package let text: String

    package init?(_ text: String) {
        guard (1...20).contains(text.utf8.count), text != "0",
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        self.text = text
    }

    /// Takes a JSON number or string; a fraction has lost digits already and gives `nil`.
    init?(_ value: JSONValue) {
        switch value {
        case .integer(let number): self.init(String(number))
        case .string(let text): self.init(text)
        default: return nil
        }
    }

    package var description: String { text }

    /// Reads a list, or a single value where TikTok sends one; at most 100.
    static func list(_ value: JSONValue?) -> [PostID] {
        switch value {
        case .none, .some(.null): []
        case .some(.array(let values)): values.prefix(100).compactMap { PostID($0) }
        case .some(let value): PostID(value).map { [$0] } ?? []
        }
    }
}

/// Addresses where people see a post; TikTok's API returns none.
///
/// The form is the one TikTok's own site uses; it is documented nowhere.
package enum ShareURL {
    /// A video's page.
    package static func video(_ id: PostID, by username: String) -> String? {
        profile(username).map { "\($0)/video/\(id.text)" }
    }

    /// A photo post's page.
    package static func photo(_ id: PostID, by username: String) -> String? {
        profile(username).map { "\($0)/photo/\(id.text)" }
    }

    /// A creator's page, for posts whose number TikTok does not tell.
    ///
    /// - Parameter username: the handle without `@`; 1–64 characters.
    /// - Returns: `nil` when it is empty or too long.
    package static func profile(_ username: String) -> String? {
        guard (1...64).contains(username.unicodeScalars.count) else { return nil }
        return "https://www.tiktok.com/@\(username.percentEncoded)"
    }
}
