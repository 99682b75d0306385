internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let pause = Command(
        name: "pause",
        synopsis: "(--queue Q | --account A) [--for DURATION] [--reason TEXT] [--json]",
        summary: "keeps a queue's jobs, or an account's posts, waiting",
        help: """
            --queue Q        nothing of this list is claimed by any worker; jobs in hand go on
            --account A      no post of this account begins; what is at TikTok is watched to its end
            --for DURATION   ends by itself: 90s, 15m, 6h, 2d; at most 366 days. Without it, until
                             `tiktok-publisher resume`
            --reason TEXT    for people who wonder; at most 500 bytes

            A pause replaces the one that stands.
            """,
        flags: ["--json"],
        options: ["--queue", "--account", "--for", "--reason"],
        run: { arguments, console in
            let subject = try PauseSubject.read(arguments)
            let length = try arguments["--for"].map(length)
            let reason = try reason(arguments["--reason"])
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            await PauseSubject.warn(of: subject, assembly, console)
            try await assembly.queue.pause(subject, because: reason, for: length)
            let end = length.map { Date.now + $0.seconds }
            if arguments.has("--json") {
                var members = PauseSubject.json(subject)
                members["reason"] = .string(reason)
                members["ends_at"] = .time(end)
                console.json(.object(members))
            } else {
                let until = end.map { "until \($0.instant)" } ?? "until it is resumed"
                console.out("\(PauseSubject.text(subject)) is paused \(until)")
            }
            return .done
        }
    )

    private static func length(_ text: String) throws -> Duration {
        guard let seconds = TimeSpan.seconds(text), seconds >= 1,
            Duration.seconds(seconds) <= Pauses.longest
        else {
            throw CommandFailure(
                "--for must be a length of time such as 90s, 15m, 6h or 2d, from 1s to 366d",
                code: .badUsage
            )
        }
        return .seconds(seconds)
    }

    private static func reason(_ text: String?) throws -> String {
        guard let text else { return "paused by an operator" }
        guard (1...Pauses.reasonBytesMax).contains(text.utf8.count) else {
            throw CommandFailure(
                "--reason must have 1 to \(Pauses.reasonBytesMax) bytes",
                code: .badUsage
            )
        }
        return text
    }
}

/// What `pause` and `resume` are told to act on.
enum PauseSubject {
    /// Exactly one of `--queue` and `--account`.
    static func read(_ arguments: Arguments) throws -> Pauses.Subject {
        switch (arguments["--queue"], arguments["--account"]) {
        case (let queue?, nil):
            guard (1...128).contains(queue.utf8.count) else {
                throw CommandFailure("--queue must have 1 to 128 bytes", code: .badUsage)
            }
            return .queue(queue)
        case (nil, let account?):
            guard PublishJob.isKey(account) else {
                throw CommandFailure(
                    "--account must be 1–128 characters of A–Z a–z 0–9 . _ : -",
                    code: .badUsage
                )
            }
            return .account(account)
        default:
            throw CommandFailure(
                "give either --queue or --account, and not both",
                code: .badUsage
            )
        }
    }

    /// A name that nobody knows is probably misspelt; it may be right all the same.
    static func warn(of subject: Pauses.Subject, _ assembly: Assembly, _ console: Console) async {
        switch subject {
        case .queue(let name):
            guard !assembly.settings.queues.contains(where: { $0.name == name }) else { return }
            console.err("warning: '\(name)' is not in QUEUES here")
        case .account(let name):
            do {
                guard try await assembly.accounts.find(name) == nil else { return }
                console.err("warning: no account '\(name)' is connected")
            } catch {
                // A pause must also be possible while PostgreSQL is away.
                console.err("warning: PostgreSQL was not asked for the account: \(error)")
            }
        }
    }

    static func text(_ subject: Pauses.Subject) -> String {
        switch subject {
        case .queue(let name): "queue \(name)".printable
        case .account(let name): "account \(name)".printable
        }
    }

    static func json(_ subject: Pauses.Subject) -> [String: JSONValue] {
        switch subject {
        case .queue(let name): ["queue": .string(name)]
        case .account(let name): ["account": .string(name)]
        }
    }
}
