import Foundation
import Testing

/// House rules no compiler checks, on the repository's own files.
struct TidyTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let violations: @Sendable (SourceFile) -> [Violation]
    }

    static let rules = [
        Rule(testDescription: "files are short", violations: SizeRules.fileLength),
        Rule(testDescription: "functions are short", violations: SizeRules.functionLength),
        Rule(testDescription: "lines are narrow", violations: SizeRules.lineWidth),
        Rule(testDescription: "C is imported by its client only", violations: PlaceRules.imports),
        Rule(testDescription: "Redis keys are in one file", violations: PlaceRules.redisKeys),
        Rule(testDescription: "settings are in one file", violations: PlaceRules.settingNames),
        Rule(testDescription: "SQL is in its folders", violations: PlaceRules.sql),
        Rule(testDescription: "nothing unchecked is promised", violations: WordRules.promises),
        Rule(testDescription: "only programs print", violations: WordRules.printing),
        Rule(testDescription: "nothing is put off in comments", violations: WordRules.leftovers),
        Rule(testDescription: "no line ends in white space", violations: WordRules.trailingSpace),
    ]

    @Test(arguments: rules)
    func `the house is tidy`(rule: Rule) {
        report(Repository.files.flatMap(rule.violations))
    }

    @Test func `every source file belongs to a target`() {
        let package = Repository.text(of: "Package.swift")
        report(PlaceRules.targets(Repository.files.map(\.path), package: package))
    }

    @Test func `the repository was found`() {
        #expect(Repository.files.contains { $0.path == "Package.swift" && $0.lines.count > 10 })
        #expect(
            Repository.files.contains { $0.path == "Sources/Clients/EventLoop/EventLoop.swift" }
        )
    }

    /// Each violation is a failure at the line that breaks the rule.
    private func report(_ violations: [Violation]) {
        for violation in violations {
            Issue.record(
                "\(violation)",
                sourceLocation: SourceLocation(
                    fileID: "Repository/\(violation.path)",
                    filePath: Repository.root.appending(path: violation.path).path,
                    line: violation.line,
                    column: 1
                )
            )
        }
    }
}
