/// Addresses inside a text, as far as redaction cares.
enum Address {
    /// Looking for the `@` behind a password ends here, so that a hostile text costs little.
    private static let credentialsBytesMax = 512

    /// The query of an address whose `://` is at a place: what follows `?` or `#` up to its end.
    ///
    /// Empty at the address's end when it has none.
    static func query(in text: [UInt8], at colon: Int) -> Range<Int>? {
        guard text[colon...].starts(with: "://".utf8) else { return nil }
        let end = text[colon...].firstIndex(where: endsAddress) ?? text.endIndex
        let mark = text[colon..<end].firstIndex {
            $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        return mark.map { $0 + 1..<end } ?? end..<end
    }

    /// User and password of an address, from its `://` to its `@`.
    static func credentials(in text: [UInt8], at colon: Int) -> Range<Int>? {
        guard text[colon...].starts(with: "://".utf8) else { return nil }
        let first = colon + 3
        let ahead = text[first..<min(text.count, first + credentialsBytesMax)]
        let run = ahead.firstIndex(where: endsAddress) ?? ahead.endIndex
        // In web addresses an @ may follow later (TikTok's profiles); elsewhere a password may hold
        // a slash, so that the last @ counts.
        let scheme = text[max(0, colon - 5)..<colon].map { $0 | 0x20 }
        let isWeb = scheme.ends(with: "http") || scheme.ends(with: "https")
        let authority = isWeb ? text[first..<run].firstIndex { "/?#".utf8.contains($0) } : nil
        guard let at = text[first..<(authority ?? run)].lastIndex(of: UInt8(ascii: "@")) else {
            return nil
        }
        return at > first ? first..<at : nil
    }

    private static func endsAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "`"):
            true
        default: false
        }
    }
}

extension BidirectionalCollection<UInt8> {
    func ends(with word: String) -> Bool {
        suffix(word.utf8.count).elementsEqual(word.utf8)
    }
}
