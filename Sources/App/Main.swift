internal import Processes

/// The program: finds the command, runs it, and says in the exit code how it went.
@main
struct Main {
    static func main() async {
        Signals.ignoreBrokenPipes()
        let console = Console()
        let code = await run(Array(CommandLine.arguments.dropFirst()), console)
        System.exit(code.rawValue)
    }

    private static func run(_ line: [String], _ console: Console) async -> ExitCode {
        guard let name = line.first, name != "help", name != "--help", name != "-h" else {
            console.out(Help.overview)
            return line.isEmpty ? .badUsage : .done
        }
        guard let command = Command.all.first(where: { $0.name == name }) else {
            console.err("tiktok-publisher: no command '\(name.printable.prefix(40))'; try --help")
            return .badUsage
        }
        do {
            let arguments = try Arguments(line.dropFirst(), for: command)
            guard !arguments.has("--help") else {
                console.out(Help.text(of: command))
                return .done
            }
            // Every command reads the keys, and most read tokens.
            try System.disableCoreDumps()
            return try await command.run(arguments, console)
        } catch let problem as Arguments.Problem {
            console.err("tiktok-publisher: \(problem)")
            return .badUsage
        } catch let problems as Settings.Problems {
            for problem in problems.all { console.err("\(problem)") }
            return .badConfiguration
        } catch let failure as CommandFailure {
            console.err("tiktok-publisher \(name): \(failure)")
            return failure.code
        } catch {
            console.err("tiktok-publisher \(name): \(error)")
            return .failed
        }
    }
}

/// What `--help` prints.
enum Help {
    static var overview: String {
        let width = Command.all.map(\.name.count).max() ?? 0
        let lines = Command.all.map { command in
            "  \(command.name.padded(to: width))  \(command.summary)"
        }
        return """
            Publishes videos to TikTok from jobs in Redis and records each outcome in PostgreSQL.

            usage: tiktok-publisher COMMAND [options]

            \(lines.joined(separator: "\n"))

            Settings come from the environment and from .env in this folder (--env-file names
            another); .env.example lists them all. COMMAND --help says more.
            Exit codes: 0 done, 1 failed, 2 bad usage, 78 bad configuration.
            """
    }

    static func text(of command: Command) -> String {
        """
        usage: tiktok-publisher \(command.name) \(command.synopsis)

        \(command.help)
        """
    }
}
