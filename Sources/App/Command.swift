/// One command: what the shell gives, what help says, and what it does.
struct Command: Sendable {
    let name: String
    /// After the name in the usage line.
    let synopsis: String
    let summary: String
    /// Paragraphs below the usage line.
    let help: String
    var flags: Set<String> = []
    /// Options with a value.
    var options: Set<String> = []
    var words: ClosedRange<Int> = 0...0
    let run: @Sendable (Arguments, Console) async throws -> ExitCode

    /// In the order in which help lists them.
    static let all: [Command] = [
        .work, .enqueue, .check, .history, .queues, .workers, .jobs, .dead, .pause, .resume,
        .limits,
        .accounts, .keys, .migrate, .doctor, .demo,
    ]

    /// What every command takes.
    static let commonFlags: Set<String> = ["--help"]
    static let commonOptions: Set<String> = ["--env-file"]
}

/// What the shell learns; the numbers are a promise of the interface.
enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    case badUsage = 2
    /// EX_CONFIG of sysexits.
    case badConfiguration = 78
}

/// The words of one command line, sorted.
struct Arguments: Sendable {
    private(set) var flags: Set<String> = []
    private(set) var options: [String: String] = [:]
    private(set) var words: [String] = []

    /// A command line that makes no sense; says what is wrong with which word.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter line: without the program's and the command's name.
    init(_ line: ArraySlice<String>, for command: Command) throws(Problem) {
        var rest = line
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                break
            }
            guard word.hasPrefix("--") else {
                words.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if parts.count == 1, command.flags.union(Command.commonFlags).contains(name) {
                flags.insert(name)
            } else if command.options.union(Command.commonOptions).contains(name) {
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw Problem(description: "\(name) needs a value")
                }
                options[name] = value
            } else {
                throw Problem(description: "\(command.name) has no option \(name)")
            }
        }
        guard flags.contains("--help") || command.words.contains(words.count) else {
            throw Problem(
                description: "usage: tiktok-publisher \(command.name) \(command.synopsis)"
            )
        }
    }

    func has(_ flag: String) -> Bool { flags.contains(flag) }

    subscript(option: String) -> String? { options[option] }
}

/// Ends a command with a sentence for people and an exit code.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    var code = ExitCode.failed

    init(_ description: String, code: ExitCode = .failed) {
        self.description = description
        self.code = code
    }
}
