/// Words that may not stand in the code.
enum WordRules {
    /// Promises to the compiler that nobody checks.
    static func promises(_ file: SourceFile) -> [Violation] {
        guard file.isSwift else { return [] }
        return matches("@unchecked", #/@unchecked\s+Sendable/#, in: file, "is checked by nobody")
            + matches("try!", /\btry!/, in: file, "ends the program")
    }

    /// Only programs talk to the terminal; the rest logs or returns.
    static func printing(_ file: SourceFile) -> [Violation] {
        let programs = ["Sources/App/", "Sources/SandboxTool/", "Tests/Bench/"]
        guard file.isSwift, !programs.contains(where: { file.isUnder($0) }) else { return [] }
        return matches(
            "print(",
            /(?:^|[^\w.`])print\(/,
            in: file,
            "is for a program's own target only"
        )
    }

    /// Work that was put off belongs to the issues.
    static func leftovers(_ file: SourceFile) -> [Violation] {
        let words = ["TO" + "DO", "FIX" + "ME"]
        return file.lines.enumerated().compactMap { index, line in
            guard words.contains(where: line.contains) else { return nil }
            let found = line.split { !$0.isLetter }.first { words.contains(String($0)) }
            return found.map {
                Violation(path: file.path, line: index + 1, message: "leaves a \($0) behind")
            }
        }
    }

    static func trailingSpace(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().filter { $0.element.last?.isWhitespace == true }.map {
            Violation(path: file.path, line: $0.offset + 1, message: "ends in white space")
        }
    }

    /// Lines of code with a word in the sense of a pattern; the word alone is quicker to look for.
    private static func matches(
        _ word: String,
        _ pattern: some RegexComponent,
        in file: SourceFile,
        _ message: String
    ) -> [Violation] {
        file.swift.code.enumerated().filter {
            $0.element.contains(word) && $0.element.contains(pattern)
        }.map {
            Violation(path: file.path, line: $0.offset + 1, message: "\(word) \(message)")
        }
    }
}
