/// A name that was checked before the system sees it.
///
/// It may hold `.` parts and doubled slashes, which mean nothing; percent signs and the like are
/// just characters.
package struct RelativeName: Sendable {
    static let bytesMax = 4096
    static let partBytesMax = 255
    static let depthMax = 128

    package let text: String

    /// - Throws: `FileError.brokenRule` with the first rule broken.
    package init(_ text: String) throws(FileError) {
        if let rule = Self.brokenRule(text) { throw .brokenRule(rule) }
        self.text = text
    }

    private static func brokenRule(_ text: String) -> FileNameRule? {
        let bytes = text.utf8
        if bytes.isEmpty { return .isEmpty }
        if bytes.count > bytesMax { return .isTooLong }
        if let rule = brokenPartRule(text) { return rule }
        if bytes.first == slash { return .isAbsolute }
        if bytes.last == slash { return .endsWithSlash }
        let parts = bytes.split(separator: slash)
        if parts.contains(where: { $0.count > partBytesMax }) { return .isTooLong }
        return parts.count > depthMax ? .isTooDeep : nil
    }

    /// The rules that hold for files and for paths of addresses alike.
    private static func brokenPartRule(_ text: String) -> FileNameRule? {
        if text.unicodeScalars.contains(where: isControl) { return .hasControlCharacter }
        if text.utf8.contains(UInt8(ascii: "\\")) { return .hasBackslash }
        let parts = text.folded.utf8.split(separator: slash)
        return parts.contains { $0.elementsEqual("..".utf8) } ? .goesUp : nil
    }

    private static let slash = UInt8(ascii: "/")

    /// NUL included, and the second set of control characters, U+0080 to U+009F.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}

// MARK: Paths of addresses

extension RelativeName {
    /// The rule that the path of a URL breaks, read as whoever serves it may read it: decoded once,
    /// and once more for those that decode twice.
    ///
    /// - Parameter path: percent-encoded, as in the URL.
    package static func brokenRule(ofEncoded path: String) -> FileNameRule? {
        guard path.utf8.count <= addressBytesMax else { return .isTooLong }
        guard let once = decoded(path, isStrict: true) else { return .hasBadEscape }
        if let rule = brokenPartRule(once) { return rule }
        // A lone percent sign is what "100%25.jpg" decodes to: nothing hides there.
        guard once.utf8.contains(UInt8(ascii: "%")) else { return nil }
        guard let twice = decoded(once, isStrict: false) else { return .isEncodedTwice }
        return brokenPartRule(twice) == nil ? nil : .isEncodedTwice
    }

    private static let addressBytesMax = 16 * 1024

    /// - Parameter isStrict: whether a percent sign that encodes nothing is an error.
    /// - Returns: `nil` for what is not UTF-8, overlong forms included.
    private static func decoded(_ text: String, isStrict: Bool) -> String? {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let isEscape = bytes[place] == UInt8(ascii: "%")
            let pair = isEscape ? bytes[(place + 1)...].prefix(2) : []
            if pair.count == 2, let value = hexadecimal(pair) {
                result.append(value)
                place += 3
            } else if isEscape, isStrict {
                return nil
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    /// Both must be digits: Swift would take a sign as well.
    private static func hexadecimal(_ pair: ArraySlice<UInt8>) -> UInt8? {
        guard pair.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
    }
}

extension String {
    /// With every character that some system takes for a dot or a slash replaced by that: by
    /// Unicode's compatibility forms (UAX #15) or by the "best fit" of Windows' code pages.
    fileprivate var folded: String {
        var folded = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar {
            case "\u{2024}", "\u{FE52}", "\u{FF0E}": folded.append(".")
            case "\u{2025}": folded.append(contentsOf: "..".unicodeScalars)
            case "\u{2044}", "\u{2215}", "\u{2216}", "\u{29F5}", "\u{29F8}", "\u{FE68}",
                "\u{FF0F}", "\u{FF3C}":
                folded.append("/")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }
}
