/// Pure: reads a `.env` file: `NAME=value` lines, `#` comments, an optional `export`, and values in
/// single or double quotes.
///
/// Nothing is expanded.
enum EnvironmentFile {
    struct Problem: Error, Equatable, CustomStringConvertible {
        let line: Int

        var description: String { "line \(line) is not NAME=value" }
    }

    static func read(_ text: String) throws(Problem) -> [String: String] {
        var values: [String: String] = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            var line = line.drop(while: \.isWhitespace)
            guard let first = line.first, first != "#" else { continue }
            if line.hasPrefix("export ") { line = line.dropFirst(7).drop(while: \.isWhitespace) }
            guard let equals = line.firstIndex(of: "="), isName(line[..<equals]) else {
                throw Problem(line: index + 1)
            }
            values[String(line[..<equals])] = value(line[line.index(after: equals)...])
        }
        return values
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    /// A quoted value ends at its quote; a bare one at a comment, with blanks around it dropped.
    private static func value(_ text: Substring) -> String {
        let start = text.drop(while: \.isWhitespace)
        if let quote = start.first, quote == "\"" || quote == "'" {
            return String(start.dropFirst().prefix { $0 != quote })
        }
        let comment = text.indices.first { index in
            text[index] == "#" && index > text.startIndex
                && text[text.index(before: index)].isWhitespace
        }
        var bare = text[..<(comment ?? text.endIndex)].drop(while: \.isWhitespace)
        while bare.last?.isWhitespace == true { bare.removeLast() }
        return String(bare)
    }
}
