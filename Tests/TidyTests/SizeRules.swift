/// How long files, functions and lines may be.
enum SizeRules {
    static let fileLines = 300
    static let functionLines = 40
    static let lineColumns = 100

    static func fileLength(_ file: SourceFile) -> [Violation] {
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        guard count > fileLines, !isExcused(file.lines[...], what: "long file") else { return [] }
        return [
            Violation(path: file.path, line: fileLines + 1, message: "\(count) lines in one file")
        ]
    }

    static func lineWidth(_ file: SourceFile) -> [Violation] {
        let isShell = file.lines.first?.hasPrefix("#!") == true
        let isOurs = [".swift", ".lua", ".sql"].contains { file.path.hasSuffix($0) }
        guard isOurs || isShell else { return [] }
        return file.lines.enumerated().filter {
            $0.element.utf8.count > lineColumns && $0.element.count > lineColumns
        }.map {
            Violation(
                path: file.path,
                line: $0.offset + 1,
                message: "\($0.element.count) columns in one line"
            )
        }
    }

    /// Lines between a function's braces.
    static func functionLength(_ file: SourceFile) -> [Violation] {
        guard file.isSwift else { return [] }
        return file.swift.code.indices.compactMap { start in
            guard declaresFunction(file.swift.code[start]),
                let body = body(from: start, in: file.swift.code),
                body.count - 2 > functionLines,
                !isExcused(file.lines[max(start - 1, 0)...body.upperBound], what: "long function")
            else { return nil }
            return Violation(
                path: file.path,
                line: start + 1,
                message: "\(body.count - 2) lines in one function"
            )
        }
    }

    private static func declaresFunction(_ line: String) -> Bool {
        guard ["func", "init", "subscript"].contains(where: line.contains) else { return false }
        return line.contains(/\bfunc\s/)
            || line.contains(/^\s*(?:[a-z@()]+\s+)*(?:init\s*[?(<]|deinit\b|subscript\s*[(<])/)
    }

    /// From the line of the opening brace to that of the closing one; `nil`: no body.
    private static func body(from start: Int, in code: [String]) -> ClosedRange<Int>? {
        var parentheses = 0
        var braces = 0
        var opening: Int?
        for (index, line) in code[start...].enumerated() {
            // The next declaration began before any brace: a requirement of a protocol.
            if index > 0, opening == nil, parentheses == 0, declaresFunction(line) { return nil }
            for character in line {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || opening != nil:
                    braces += 1
                    opening = opening ?? start + index
                case "}" where parentheses == 0 || opening != nil:
                    braces -= 1
                    guard let opening else { return nil }
                    if braces == 0 { return opening...(start + index) }
                default: break
                }
            }
        }
        return nil
    }

    /// Whether a line gives a reason: "tidy: long function, because it is a table".
    private static func isExcused(_ lines: ArraySlice<String>, what: String) -> Bool {
        lines.contains { line in
            guard let reason = line.firstRange(of: "// tidy: \(what), because ") else {
                return false
            }
            return line[reason.upperBound...].count >= 10
        }
    }
}
