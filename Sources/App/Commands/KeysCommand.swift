internal import Crypto
internal import JSON
internal import Publishing

extension Command {
    static let keys = Command(
        name: "keys",
        synopsis: "new | rotate [--check] [--json]",
        summary: "makes a key; encrypts what is stored with the newest one",
        help: """
            new      prints a fresh key: 32 random bytes in base64url, as Python's cryptography
                     makes them
            rotate   encrypts every stored token, and the addresses of uploads under way, again with
                     the first key of CRYPTOGRAPHY_KEY, then says what still uses an older one. May
                     be broken off and repeated at any time, while workers run. Exit 0 when nothing
                     uses an older key.

            --check  rotate: changes nothing

            CRYPTOGRAPHY_KEY takes several keys, separated by commas: the first encrypts, all
            decrypt. To change keys: put the new one in front for every worker and restart them,
            run `keys rotate`, and take the old one out when it says that nothing uses it.
            """,
        flags: ["--check", "--json"],
        words: 1...1,
        run: { arguments, console in
            switch arguments.words[0] {
            case "new" where arguments.flags.isEmpty:
                console.out(try FernetKey.generate().text)
                return .done
            case "rotate":
                return try await rotate(arguments, console)
            default:
                throw CommandFailure("keys knows `new` and `rotate`", code: .badUsage)
            }
        }
    )

    private static func rotate(
        _ arguments: Arguments,
        _ console: Console
    ) async throws -> ExitCode {
        let settings = try Environment.settings(arguments, console)
        let assembly = Assembly(settings)
        defer { assembly.stop() }
        let rotation = KeyRotation(database: assembly.database, fernet: settings.fernet)
        let report =
            arguments.has("--check") ? try await rotation.look() : try await rotation.rotate()
        if arguments.has("--json") {
            console.json(report.json)
        } else {
            console.out(report.text.printableLines)
        }
        return report.isDone ? .done : .failed
    }
}

extension KeyRotation.Report {
    fileprivate var text: String {
        var lines = [tokens.text("tokens of accounts"), uploads.text("addresses of uploads")]
        if !unreadableAccounts.isEmpty {
            lines.append(
                "no key opens the tokens of: \(unreadableAccounts.joined(separator: " ")). Put the "
                    + "missing key back into CRYPTOGRAPHY_KEY, or connect these accounts again"
            )
        }
        if !unreadableJobs.isEmpty {
            lines.append(
                "no key opens the upload addresses of: \(unreadableJobs.joined(separator: " ")). "
                    + "These uploads start again, and the addresses end within an hour"
            )
        }
        lines.append(
            isDone
                ? "nothing uses an older key: it can be taken out of CRYPTOGRAPHY_KEY once every "
                    + "worker has been restarted with the first one in front"
                : "older keys are still needed"
        )
        return lines.joined(separator: "\n")
    }

    fileprivate var json: JSONValue {
        [
            "tokens": tokens.json, "uploads": uploads.json, "done": .bool(isDone),
            "unreadable_accounts": .array(unreadableAccounts.map(JSONValue.string)),
            "unreadable_jobs": .array(unreadableJobs.map(JSONValue.string)),
        ]
    }
}

extension KeyRotation.Report.Count {
    fileprivate func text(_ subject: String) -> String {
        "\(subject): \(rotated) encrypted again, \(current) use the first key, "
            + "\(old) an older one, \(unreadable) no key that is known"
    }

    fileprivate var json: JSONValue {
        [
            "rotated": .integer(Int64(rotated)), "current": .integer(Int64(current)),
            "old": .integer(Int64(old)), "unreadable": .integer(Int64(unreadable)),
        ]
    }
}

extension String {
    fileprivate var printableLines: String {
        split(separator: "\n").map { String($0).printable }.joined(separator: "\n")
    }
}
