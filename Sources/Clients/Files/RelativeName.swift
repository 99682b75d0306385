/// A name that was checked before the system sees it.
///
/// It may hold `.` parts and doubled slashes, which mean nothing; percent signs and the like are
/// just characters.
struct RelativeName {
    static let bytesMax = 4096
    static let partBytesMax = 255
    static let depthMax = 128

    let text: String

    /// - Throws: `FileError.brokenRule` with the first rule broken.
    init(_ text: String) throws(FileError) {
        if let rule = Self.brokenRule(text) { throw .brokenRule(rule) }
        self.text = text
    }

    private static func brokenRule(_ text: String) -> FileNameRule? {
        let bytes = text.utf8
        if bytes.isEmpty { return .isEmpty }
        if bytes.count > bytesMax { return .isTooLong }
        if text.unicodeScalars.contains(where: isControl) { return .hasControlCharacter }
        if bytes.contains(UInt8(ascii: "\\")) { return .hasBackslash }
        if bytes.first == slash { return .isAbsolute }
        if bytes.last == slash { return .endsWithSlash }
        let parts = bytes.split(separator: slash)
        if parts.contains(where: { $0.elementsEqual("..".utf8) }) { return .goesUp }
        if parts.contains(where: { $0.count > partBytesMax }) { return .isTooLong }
        return parts.count > depthMax ? .isTooDeep : nil
    }

    private static let slash = UInt8(ascii: "/")

    /// NUL included, and the second set of control characters, U+0080 to U+009F.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
