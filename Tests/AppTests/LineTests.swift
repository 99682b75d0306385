import Testing

@testable import App

/// What is typed: `.env` files, command lines, misspelt names.
struct LineTests {
    // MARK: .env

    @Test(arguments: [
        ("A=1", "1"), ("export A=1", "1"), ("  A=1  ", "1"), ("A=", ""), ("A=  ", ""),
        ("A='a b # c'", "a b # c"), ("A=\"a 'b' c\"", "a 'b' c"), ("A=a b # c", "a b"),
        ("A=a#b", "a#b"),
        ("A= # only a comment", ""), ("A=#b", "#b"), ("A= 1", "1"), ("A=b=c", "b=c"),
        ("A=$HOME", "$HOME"),
        ("A=\\n", "\\n"), ("A='x' # comment", "x"), ("A=ü", "ü"), ("A=1\r", "1"), ("A= 'x'", "x"),
        ("# B=2\n\nA=1", "1"), ("A=0\nA=1", "1"), ("A=''", ""),
        ("A=postgresql://u:p%23@h/d?x=1#y", "postgresql://u:p%23@h/d?x=1#y"),
    ])
    func `a line of an environment file means one value`(_ text: String, _ value: String) throws {
        #expect(try EnvironmentFile.read(text) == ["A": value])
    }

    @Test(arguments: [
        ("A", 1), ("=1", 1), ("1A=1", 1), ("A B=1", 1), ("A=1\nnonsense\nB=2", 2), ("Ä=1", 1),
        ("A-B=1", 1), ("\n\nexport\n", 3), ("export =1", 1),
    ])
    func `a line that is none is named by its number, never by its words`(
        _ text: String,
        _ line: Int
    ) {
        #expect(throws: EnvironmentFile.Problem(line: line)) { try EnvironmentFile.read(text) }
        #expect("\(EnvironmentFile.Problem(line: line))" == "line \(line) is not NAME=value")
    }

    @Test func `an empty file means nothing`() throws {
        #expect(try EnvironmentFile.read("").isEmpty)
        #expect(try EnvironmentFile.read("\n# nothing\r\n\n").isEmpty)
    }

    // MARK: Misspellings

    @Test(arguments: [
        ("REDIS_URI", "REDIS_URL"), ("DATABASE_ULR", "DATABASE_URL"), ("QUEUE", "QUEUES"),
        ("redis_url", "REDIS_URL"), ("MAX_ATTEMPT", "MAX_ATTEMPTS"),
        ("CRYPTOGRAPHY_KEYS", "CRYPTOGRAPHY_KEY"), ("TIKTOK_API_URI", "TIKTOK_API_URL"),
        ("LOG_LEVELS", "LOG_LEVEL"), ("CONCURRENCYY", "CONCURRENCY"),
        ("DATABASE_URLFILE", "DATABASE_URL_FILE"),
    ])
    func `a name that is nearly a setting is noticed`(_ name: String, _ meant: String) {
        let found = Misspelling.find(in: ["PATH", name])

        #expect(found.map(\.name) == [name] && found.map(\.meant) == [meant])
    }

    @Test func `settings, their files and other programs' variables are left alone`() {
        let others = [
            "PATH", "HOME", "HTTP_PROXY", "REDIS_HOST", "REDIS_PASSWORD", "POSTGRES_PASSWORD",
            "LOG_DIR", "OTEL_SERVICE_NAME", "DATABASE_URL_FILE", "HTTP_TOKEN_FILE", "URL", "",
            "REDIS_" + String(repeating: "X", count: 1000),
        ]

        #expect(Misspelling.find(in: others + Setting.all.map(\.name)).isEmpty)
    }

    // MARK: Command lines

    private static let command = Command(
        name: "try",
        synopsis: "[FILE]",
        summary: "",
        help: "",
        flags: ["--wait"],
        options: ["--queue"],
        words: 0...1,
        run: { _, _ in .done }
    )

    private func read(_ words: String...) throws -> Arguments {
        try Arguments(words[...], for: Self.command)
    }

    @Test func `words, flags and options may stand in any order`() throws {
        let first = try read("a", "--wait", "--queue", "q")
        let second = try read("--queue=q", "--wait", "a")

        for line in [first, second] {
            #expect(line.words == ["a"] && line.has("--wait") && line["--queue"] == "q")
        }
        #expect(try read("--env-file", "x")["--env-file"] == "x")
    }

    @Test func `a value may hold what looks like more`() throws {
        #expect(try read("--queue=a=b")["--queue"] == "a=b")
        #expect(try read("--queue=")["--queue"] == "")
        #expect(try read("--", "--wait").words == ["--wait"])
        #expect(try read("-").words == ["-"])
    }

    @Test(arguments: [
        ["--nonsense"], ["--wait=1"], ["--queue"], ["a", "b"], ["--wai"], ["--", "a", "b"],
    ])
    func `what makes no sense is refused`(_ line: [String]) {
        #expect(throws: Arguments.Problem.self) { try Arguments(line[...], for: Self.command) }
    }

    @Test func `help is given whatever else is missing`() throws {
        #expect(try read("a", "b", "--help").has("--help"))
    }

    @Test func `every command has a name of its own and says what it does`() {
        #expect(Set(Command.all.map(\.name)).count == Command.all.count)
        for command in Command.all {
            #expect(!command.summary.isEmpty && !command.help.isEmpty)
            #expect(Help.overview.contains(command.summary))
            #expect(Help.text(of: command).hasPrefix("usage: tiktok-publisher \(command.name)"))
            #expect(command.flags.union(command.options).allSatisfy { $0.hasPrefix("--") })
        }
    }

    // MARK: What is shown

    @Test func `columns are as wide as their widest cell, and nothing trails`() {
        var table = Table(["A", "BB", "C"])
        table.add(["long", "x", ""])
        table.add(["s"])

        #expect(table.text == "A     BB  C\nlong  x\ns")
    }

    @Test(arguments: [
        ("plain ü 😀", "plain ü 😀"), ("a\u{1B}[31mb", "a\u{FFFD}[31mb"), ("a\nb", "a\u{FFFD}b"),
        ("\u{202E}abc", "\u{FFFD}abc"), ("a\u{0}b", "a\u{FFFD}b"), ("\u{9B}31m", "\u{FFFD}31m"),
        ("a\u{2028}b", "a\u{FFFD}b"), ("", ""),
    ])
    func `nothing a terminal would act on is shown`(_ text: String, _ shown: String) {
        #expect(text.printable == shown)

        var table = Table(["A"])
        table.add([text])
        #expect(table.text.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    }

    @Test(arguments: [
        (Int64(0), "0.0"), (49_999, "0.0"), (50_000, "0.1"), (1_000_000, "1.0"),
        (52_428_800, "52.4"), (999_950_000, "1000.0"),
    ])
    func `bytes are shown as decimal megabytes`(_ bytes: Int64, _ text: String) {
        #expect(HistoryText.megabytes(bytes) == text)
    }
}
