/// What a secret looks like when nobody told us about it.
///
/// A wrong find costs a word of a log line; a missed one costs a secret: when in doubt, find.
enum SecretShapes {
    /// The secret whose shape begins at a place; it may start behind a name.
    static func find(in text: [UInt8], at start: Int) -> Range<Int>? {
        if text[start] == UInt8(ascii: ":") { return Address.credentials(in: text, at: start) }
        guard isLetter(text[start]), isWordStart(text, start) else { return nil }
        return bearer(text, start) ?? prefixed(text, start) ?? parameter(text, start)
    }

    // MARK: Tokens

    private static func bearer(_ text: [UInt8], _ start: Int) -> Range<Int>? {
        guard hasWord("bearer", text, start) else { return nil }
        let first = skipSeparators(text, start + 6)
        guard first > start + 6 else { return nil }
        let end = tokenEnd(text, first)
        return end - first >= 4 ? first..<end : nil
    }

    private static let prefixes: [(word: [UInt8], rest: Int)] = [
        (Array("act.".utf8), 5), (Array("rft.".utf8), 5), (Array("gAAAA".utf8), 20),
    ]

    private static func prefixed(_ text: [UInt8], _ start: Int) -> Range<Int>? {
        for prefix in prefixes where text[start...].starts(with: prefix.word) {
            let end = tokenEnd(text, start)
            return end - start >= prefix.word.count + prefix.rest ? start..<end : nil
        }
        return nil
    }

    // MARK: Parameters

    /// Of longer names only the end is looked at.
    private static let nameBytesMax = 48

    /// Names, or ends of names, whose value is a secret wherever it stands; case, `_` and `-` do
    /// not count.
    private static let secretNames = names(
        """
        accesstoken refreshtoken clientsecret clientkey codeverifier uploadtoken uploadid \
        uploadurl uploadaddress password passwd passphrase cryptographykey privatekey apikey \
        httptoken \
        xamzsignature xamzcredential xamzsecuritytoken awsaccesskeyid xgoogsignature signature \
        sessiontoken idtoken requirepass authorizationcode
        """
    )

    /// Names that are ordinary words too: their value counts in a query, or when it looks random.
    private static let doubtfulNames = Set(names("code state sig token secret auth key"))

    /// Names whose value goes on to the end of the line.
    private static let headerNames = Set(
        names("authorization proxyauthorization cookie setcookie xapikey")
    )

    private static func names(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    private static func parameter(_ text: [UInt8], _ start: Int) -> Range<Int>? {
        let end = nameEnd(text, start)
        // The name first: looking for the value of every word would cost the square of the text.
        let name = plainName(text[max(start, end - nameBytesMax)..<end])
        let isHeader = headerNames.contains(name)
        let isSecret = secretNames.contains(where: name.hasSuffix)
        guard isHeader || isSecret || doubtfulNames.contains(name),
            var value = value(text, behind: end)
        else { return nil }
        if isHeader { value = value.lowerBound..<lineEnd(text, value.lowerBound) }
        guard !value.isEmpty else { return nil }
        let counts = isHeader || isSecret || isInQuery(text, start) || looksRandom(text[value])
        return counts ? value : nil
    }

    private static func plainName(_ bytes: ArraySlice<UInt8>) -> String {
        let letters = bytes.filter { isWordByte($0) && $0 != UInt8(ascii: "_") }
        return String(decoding: letters, as: UTF8.self).lowercased()
    }

    /// The value of a name that ends there: behind an optional quote, a `=` or `:`, and what may
    /// open a value.
    ///
    /// - Returns: `nil` when nothing separates name and value.
    private static func value(_ text: [UInt8], behind end: Int) -> Range<Int>? {
        let separator = skip(text, end, [" ", "\t", "\\", "\"", "'", "%22", "%5C", "%20"])
        let marks = ["=", ":", "%3D", "%3A"]
        guard let mark = marks.first(where: { hasWord($0, text, separator) }) else { return nil }
        let opening = separator + mark.utf8.count
        let first = skip(
            text,
            opening,
            [
                " ", "\t", "\\", "\"", "'", "[", "(", "{", "%22", "%5C", "%20", "%5B", "Optional(",
                ".some(", ".string(", "string(",
            ]
        )
        return first..<valueEnd(text, first, opening: text[opening..<first])
    }

    private static func skip(_ text: [UInt8], _ start: Int, _ words: [String]) -> Int {
        var place = start
        while let word = words.first(where: { hasWord($0, text, place) }) {
            place += word.utf8.count
        }
        return place
    }

    /// A quoted value ends at the same kind of quote, a bare one at punctuation.
    private static func valueEnd(
        _ text: [UInt8],
        _ first: Int,
        opening: ArraySlice<UInt8>
    ) -> Int {
        if opening.ends(with: "%22") { return find("%22", text, first) }
        if opening.ends(with: "\\\"") { return find("\\\"", text, first) }
        if opening.ends(with: "'") { return find("'", text, first) }
        if opening.ends(with: "\"") {
            var place = first
            while place < text.count, text[place] != UInt8(ascii: "\"") {
                place += text[place] == UInt8(ascii: "\\") ? 2 : 1
            }
            return min(place, text.count)
        }
        var place = first
        while place < text.count, text[place] > 0x20,
            !"\"'&,;<>\\`()[]{}".utf8.contains(text[place]), !hasWord("%26", text, place),
            !hasWord("%22", text, place)
        {
            place += 1
        }
        return place
    }

    private static func find(_ word: String, _ text: [UInt8], _ first: Int) -> Int {
        (first..<text.count).first { hasWord(word, text, $0) } ?? text.count
    }

    private static func lineEnd(_ text: [UInt8], _ first: Int) -> Int {
        text[first...].firstIndex { $0 < 0x20 || $0 == UInt8(ascii: "\"") } ?? text.endIndex
    }

    private static func isInQuery(_ text: [UInt8], _ start: Int) -> Bool {
        guard start > 0 else { return false }
        return "?&".utf8.contains(text[start - 1])
            || (start >= 3 && ["%3F", "%26"].contains { hasWord($0, text, start - 3) })
    }

    /// Twelve bytes or more that are no words in one case, as our codes and TikTok's are.
    private static func looksRandom(_ value: ArraySlice<UInt8>) -> Bool {
        func isWords(_ letters: ClosedRange<UInt8>) -> Bool {
            value.allSatisfy { letters.contains($0) || "_.-".utf8.contains($0) }
        }
        return value.count >= 12
            && !isWords(UInt8(ascii: "a")...UInt8(ascii: "z"))
            && !isWords(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    }

    // MARK: Bytes

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// Not inside a word; percent-encoded punctuation before it counts as such.
    private static func isWordStart(_ text: [UInt8], _ start: Int) -> Bool {
        guard start > 0, isWordByte(text[start - 1]) else { return true }
        if start >= 3, text[start - 3] == UInt8(ascii: "%") { return true }
        // An escaped line feed or tab in JSON ends in a letter.
        return start >= 2 && text[start - 2] == UInt8(ascii: "\\")
    }

    private static func nameEnd(_ text: [UInt8], _ start: Int) -> Int {
        var place = start
        while place < text.count,
            isWordByte(text[place]) || text[place] == UInt8(ascii: "-")
        {
            place += 1
        }
        return place
    }

    /// Characters of tokens, in every alphabet they use.
    private static func tokenEnd(_ text: [UInt8], _ start: Int) -> Int {
        var place = start
        while place < text.count,
            isWordByte(text[place]) || "-.~+/=!*%".utf8.contains(text[place])
        {
            place += 1
        }
        return place
    }

    private static func skipSeparators(_ text: [UInt8], _ start: Int) -> Int {
        skip(text, start, [" ", "\t", "+", "%20", ":", "=", "\"", "\\"])
    }

    /// Whether ASCII text stands there, in either case.
    private static func hasWord(_ word: String, _ text: [UInt8], _ start: Int) -> Bool {
        guard start + word.utf8.count <= text.count else { return false }
        return zip(text[start...], word.utf8).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
