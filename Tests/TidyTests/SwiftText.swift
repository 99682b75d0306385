/// Swift source taken apart just enough for the rules: what is code, and what is in quotes.
///
/// Comments and literals are blanked in `code`, line by line; code inside interpolations stays.
struct SwiftText: Sendable {
    struct Literal: Sendable, Equatable {
        /// Where it begins, from 1.
        let line: Int
        let text: String
    }

    /// As many lines as the source has.
    private(set) var code: [String] = []
    private(set) var literals: [Literal] = []

    init(_ source: String) {
        var scanner = Scanner(source)
        scanner.scanCode(insideParentheses: false)
        code = Self.lines(scanner.code)
        literals = scanner.literals
    }

    /// Text in which everything counts as code.
    init(plain text: String) {
        code = Self.lines(Array(text.utf8))
    }

    /// By bytes, because to Swift a carriage return and a line feed are one other character.
    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    var code: [UInt8] = []
    var literals: [SwiftText.Literal] = []

    init(_ source: String) {
        bytes = Array(source.utf8)
    }

    /// Up to the end, or to the parenthesis that ends an interpolation.
    mutating func scanCode(insideParentheses: Bool) {
        var depth = 0
        while position < bytes.count {
            keepPlain()
            guard position < bytes.count else { return }
            if starts(with: "//") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blank() }
            } else if starts(with: "/*") {
                scanComment()
            } else if let hashes = literalStart() {
                scanLiteral(hashes: hashes)
            } else {
                if bytes[position] == UInt8(ascii: "(") { depth += 1 }
                if bytes[position] == UInt8(ascii: ")") {
                    if insideParentheses, depth == 0 { return }
                    depth -= 1
                }
                keep()
            }
        }
    }

    /// Everything up to the next byte that may matter; most bytes do not.
    private mutating func keepPlain() {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                code += bytes[start..<position]
                return
            case UInt8(ascii: "\n"): line += 1
            default: break
            }
            position += 1
        }
        code += bytes[start...]
    }

    private mutating func scanComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many # stand before the quote here; `nil` when no literal starts here.
    private func literalStart() -> Int? {
        var index = position
        while index < bytes.count, bytes[index] == UInt8(ascii: "#") { index += 1 }
        let isQuote = index < bytes.count && bytes[index] == UInt8(ascii: "\"")
        return isQuote ? index - position : nil
    }

    private mutating func scanLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        let start = line
        let quote = starts(with: marks + "\"\"\"") ? "\"\"\"" : "\""
        blank(hashes + quote.utf8.count)
        var text: [UInt8] = []
        while position < bytes.count, !starts(with: quote + marks) {
            if starts(with: "\\" + marks + "(") {
                blank(hashes + 2)
                scanCode(insideParentheses: true)
                blank()
                text.append(UInt8(ascii: "?"))
            } else {
                if starts(with: "\\" + marks) {
                    text.append(bytes[position])
                    blank(hashes + 1)
                }
                if position < bytes.count { text.append(bytes[position]) }
                blank()
            }
        }
        blank(quote.utf8.count + hashes)
        literals.append(.init(line: start, text: String(decoding: text, as: UTF8.self)))
    }

    private func starts(with text: String) -> Bool {
        guard position < bytes.count, bytes[position] == text.utf8.first else { return false }
        return bytes[position...].starts(with: text.utf8)
    }

    private mutating func keep() {
        guard position < bytes.count else { return }
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        code.append(bytes[position])
        position += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            let isLineEnd = bytes[position] == UInt8(ascii: "\n")
            if isLineEnd { line += 1 }
            code.append(UInt8(ascii: isLineEnd ? "\n" : " "))
            position += 1
        }
    }
}
