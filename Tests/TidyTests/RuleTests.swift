import Testing

/// Each rule catches a violation planted for it, and lets the allowed thing pass.
struct RuleTests {
    private func file(_ text: String, at path: String = "Sources/TikTok/A.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    private func function(lines: Int, excuse: String = "") -> String {
        let body = (0..<lines).map { "        work(\($0))" }.joined(separator: "\n")
        return "struct A {\n    func long(_ a: () -> Void = {}) {\(excuse)\n\(body)\n    }\n}\n"
    }

    // MARK: Sizes

    @Test func `a long file is caught, unless it says why`() {
        let long = String(repeating: "let a = 1\n", count: 301)

        #expect(SizeRules.fileLength(file(long)).map(\.line) == [301])
        #expect(SizeRules.fileLength(file(String(long.dropLast(10)))).isEmpty)
        let excuse = "// tidy: long file, because it is one table\n"
        #expect(SizeRules.fileLength(file(excuse + long)).isEmpty)
        #expect(SizeRules.fileLength(file("// tidy: long file, because \n" + long)).count == 1)
    }

    @Test func `a long function is caught where it begins, unless it says why`() {
        #expect(SizeRules.functionLength(file(function(lines: 41))).map(\.line) == [2])
        #expect(SizeRules.functionLength(file(function(lines: 40))).isEmpty)
        let excuse = "  // tidy: long function, because it is one table"
        #expect(SizeRules.functionLength(file(function(lines: 41, excuse: excuse))).isEmpty)
    }

    @Test func `a long initialiser is caught, a requirement has no length`() {
        let initialiser = function(lines: 41).replacing("func long", with: "package init?")
        let requirements = "protocol A {\n    func a()\n    func b() -> Int\n}\n"

        #expect(SizeRules.functionLength(file(initialiser)).map(\.line) == [2])
        #expect(SizeRules.functionLength(file(requirements + function(lines: 5))).isEmpty)
    }

    @Test(arguments: ["A.swift", "a.lua", "a.sql"])
    func `a wide line is caught`(name: String) {
        let wide = "\n" + String(repeating: "ä", count: 101) + "\n"

        #expect(SizeRules.lineWidth(file(wide, at: name)).map(\.line) == [2])
    }

    @Test func `a wide line is caught in a script, and not in prose`() {
        let wide = String(repeating: "a", count: 101)

        #expect(SizeRules.lineWidth(file("#!/bin/sh\n" + wide, at: "deploy/demo")).count == 1)
        #expect(SizeRules.lineWidth(file(wide, at: "deploy/notes.md")).isEmpty)
    }

    // MARK: Places

    @Test(arguments: [
        ("internal import CCurl", "Sources/Clients/Redis/A.swift", true),
        ("internal import CCurl", "Sources/Clients/HTTP/Client/A.swift", false),
        ("@preconcurrency package import CHiredis", "Sources/App/A.swift", true),
        ("import CLinux", "Sources/Clients/Postgres/A.swift", true),
        ("internal import CLinux", "Sources/Clients/Files/A.swift", false),
        ("internal import func Glibc.exit", "Sources/App/A.swift", true),
        ("import Glibc", "Tests/ClientTests/A.swift", false),
        ("internal import Foundation", "Sources/App/A.swift", true),
        ("import struct Foundation.Date", "Sources/App/A.swift", true),
        ("internal import FoundationEssentials", "Sources/App/A.swift", false),
        ("import Foundation", "Tests/TidyTests/A.swift", false),
        ("// import CCurl", "Sources/App/A.swift", false),
    ])
    func `an import in the wrong place is caught`(line: String, path: String, isWrong: Bool) {
        #expect(PlaceRules.imports(file("\n" + line, at: path)).map(\.line) == (isWrong ? [2] : []))
    }

    @Test func `a Redis key outside its file is caught`() {
        let text = "let key = \"{tiktok}:jobs\""

        #expect(PlaceRules.redisKeys(file(text)).map(\.line) == [1])
        #expect(
            PlaceRules.redisKeys(file(text, at: "Sources/Publishing/Queue/QueueKeys.swift")).isEmpty
        )
        #expect(PlaceRules.redisKeys(file("// {tiktok}:jobs")).isEmpty)
    }

    @Test func `a setting's name outside the settings is caught`() {
        let text = "let a = environment[\"REDIS_URL\"]\nlet b = environment[\"HTTP_TOKEN_FILE\"]"

        #expect(PlaceRules.settingNames(file(text)).map(\.line) == [1, 2])
        #expect(PlaceRules.settingNames(file(text, at: "Sources/App/Settings.swift")).isEmpty)
        #expect(PlaceRules.settingNames(file("say(\"REDIS_URL is wrong\")")).isEmpty)
    }

    @Test func `SQL outside its folders is caught at its line`() {
        let text = "run(\"\"\"\n    -- one\n    SELECT 1\n    \"\"\")"

        #expect(PlaceRules.sql(file(text)).map(\.line) == [3])
        #expect(PlaceRules.sql(file("send([\"SELECT\", 4])")).isEmpty)
        #expect(PlaceRules.sql(file(text, at: "Sources/Publishing/History/A.swift")).isEmpty)
        #expect(PlaceRules.sql(file("run(\"UPDATE jobs SET a = \\(b)\")")).count == 1)
    }

    @Test func `a file outside every target is caught`() {
        let package = "client(\"Redis\", uses: [])\n.target(\n    name: \"TikTok\","
        let paths = [
            "Sources/Clients/Redis/A.swift", "Sources/TikTok/B.swift", "Sources/Odd/C.swift",
        ]

        #expect(PlaceRules.targets(paths, package: package).map(\.path) == ["Sources/Odd/C.swift"])
    }

    // MARK: Words

    @Test func `unchecked promises are caught`() {
        #expect(WordRules.promises(file("\nstruct A: @unchecked Sendable {}")).map(\.line) == [2])
        #expect(WordRules.promises(file("let a = try! b()")).count == 1)
        #expect(WordRules.promises(file("let a = \"try! this\"  // try! that")).isEmpty)
    }

    @Test func `printing outside a program is caught`() {
        #expect(WordRules.printing(file("print(1)")).count == 1)
        #expect(WordRules.printing(file("\"\\(print(1))\"")).count == 1)
        #expect(WordRules.printing(file("print(1)", at: "Sources/App/main.swift")).isEmpty)
        #expect(WordRules.printing(file("fingerprint(1); paper.print(2)")).isEmpty)
    }

    @Test func `leftovers and white space are caught`() {
        #expect(WordRules.leftovers(file("a\n// " + "TO" + "DO: later")).map(\.line) == [2])
        #expect(WordRules.trailingSpace(file("a\nb \nc\r\n")).map(\.line) == [2, 3])
    }

    // MARK: Reading Swift

    @Test func `comments and literals are told from code`() {
        let text = SwiftText(
            ##"""
            a("x // y \(b("z")) w") // c "d"
            /* e /* f */ "g" */ h(#"i " \n \#(j)"#)
            """##
        )

        #expect(
            text.code.map { $0.split(separator: " ").joined(separator: " ") }
                == ["a( b( ) )", "h( j )"]
        )
        #expect(text.literals.map(\.text) == ["z", "x // y ? w", #"i " \n ?"#])
        #expect(text.literals.map(\.line) == [1, 1, 2])
    }
}
