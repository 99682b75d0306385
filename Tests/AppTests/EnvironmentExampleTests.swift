import Foundation
import Testing

@testable import App

/// `.env.example` says to people what `Setting` says to the program.
struct EnvironmentExampleTests {
    @Test func `every setting stands in the example exactly once, and nothing else does`() throws {
        let names = try Example.read().map(\.name)

        #expect(names.sorted() == Setting.all.map(\.name).sorted())
    }

    @Test func `no setting is listed twice in the program`() {
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    }

    @Test func `a line that is commented out shows the default`() throws {
        let shown = try Example.read().filter { !$0.isSet }

        for line in shown {
            let setting = try #require(Setting.all.first { $0.name == line.name })
            #expect(line.value == setting.fallback, "\(line.name)")
        }
        #expect(shown.count == Setting.all.count - 2)
    }

    @Test func `only required settings are set`() throws {
        let set = try Example.read().filter(\.isSet).map(\.name)

        #expect(set == [Setting.databaseURL.name, Setting.cryptographyKey.name])
    }

    @Test func `every secret is called one above its line`() throws {
        let text = try Example.text()
        var comment = ""
        var open: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let name = Example.Line(line)?.name else {
                comment = line.isEmpty ? "" : comment + line
                continue
            }
            if !comment.contains("secret") { open.insert(name) }
        }

        #expect(open.isDisjoint(with: Setting.all.filter(\.isSecret).map(\.name)))
    }

    @Test func `the bounds in the comments are those of the program`() throws {
        let text = try Example.text()
        let numbers = Setting.all.filter { Int($0.fallback) != nil }
        var values = Good.values
        for setting in numbers { values[setting.name] = "-1" }

        let problems = Good.problems(values)

        for setting in numbers {
            let rule = try #require(problems.first { $0.setting == setting.name }?.rule)
            let words = rule.split(separator: " ").map { $0.filter { $0 != "," } }
            let from = try #require(words.firstIndex(of: "from"))
            #expect(
                text.contains("\(words[from + 1]) to \(words[from + 3])"),
                "\(setting.name) \(rule)"
            )
        }
    }

    @Test func `the example as it stands lacks nothing but a key, and says how to make one`() throws
    {
        let values = try EnvironmentFile.read(Example.text())

        let problems = Good.problems(values)

        #expect(problems.map(\.setting) == [Setting.cryptographyKey.name])
        #expect(problems.first?.rule.contains("tiktok-publisher keys new") == true)
        let comment = try Example.text().split(separator: "\n\n").first {
            $0.contains("\n\(Setting.cryptographyKey.name)=")
        }
        #expect(comment?.contains("`tiktok-publisher keys new` makes one") == true)
    }
}

/// The file and its lines that name a setting.
enum Example {
    struct Line {
        let name: String
        let value: String
        /// `false`: commented out.
        let isSet: Bool

        /// `nil` for prose: there a blank follows the `#`.
        init?(_ line: Substring) {
            guard let match = line.wholeMatch(of: /(#?)([A-Z][A-Z0-9_]*)=(.*)/) else { return nil }
            name = String(match.2)
            value = String(match.3)
            isSet = match.1.isEmpty
        }
    }

    static func text() throws -> String {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: ".env.example"), encoding: .utf8)
    }

    static func read() throws -> [Line] {
        try text().split(separator: "\n").compactMap(Line.init)
    }
}

/// Settings that the program takes, for tests to spoil one by one.
enum Good {
    static let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    static let values = [
        Setting.databaseURL.name: "postgresql://publisher@127.0.0.1/publisher",
        Setting.cryptographyKey.name: key,
    ]

    static func with(_ setting: Setting, _ value: String) -> [String: String] {
        values.merging([setting.name: value]) { _, new in new }
    }

    static func settings(_ setting: Setting, _ value: String) throws -> Settings {
        try Settings(with(setting, value))
    }

    static func problems(_ values: [String: String]) -> [SettingReader.Problem] {
        do throws(Settings.Problems) {
            _ = try Settings(values)
            return []
        } catch {
            return error.all
        }
    }
}
