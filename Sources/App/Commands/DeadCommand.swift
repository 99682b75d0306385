internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let dead = Command(
        name: "dead",
        synopsis: "(list | retry | purge) [--account A] [--code C] [--limit N] [JOB…] [--json]",
        summary: "lists dead letters, brings them back, drops them",
        help: """
            A dead letter is a job that failed or was rejected. It is kept for 90 days, at most
            10,000 of them.

            list    the newest first; 100 unless --limit says otherwise
            retry   lets them begin anew from the same document, with all their attempts
            purge   drops them; their rows stay, and their ids are never posted again

            --account A   only those of that account
            --code C      only those with that error code
            --limit N     at most so many, the newest
            --all         retry and purge: every one; needed where no job, account or code is given
            --in-doubt    retry: also the named jobs of which TikTok may have posted something. Only
                          for somebody who has looked at the creator's profile: it may post twice

            Exit 0 when every one that was meant is done.
            """,
        flags: ["--all", "--in-doubt", "--json"],
        options: ["--account", "--code", "--limit"],
        words: 1...1001,
        run: { arguments, console in
            let plan = try DeadPlan(arguments)
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            let letters = DeadLetters(
                queue: assembly.queue,
                history: History(
                    database: assembly.database,
                    on: assembly.loop,
                    worker: "operator"
                ),
                reader: HistoryReader(database: assembly.database)
            )
            let found = try await letters.find(plan.selection)
            guard plan.verb != .list else {
                return DeadText.list(found, plan, arguments, console)
            }
            return try await carryOut(plan, found, letters, arguments, console)
        }
    )

    /// The oldest first, so that they keep their order.
    private static func carryOut(
        _ plan: DeadPlan,
        _ found: [DeadLetters.Letter],
        _ letters: DeadLetters,
        _ arguments: Arguments,
        _ console: Console
    ) async throws -> ExitCode {
        var counts = DeadCounts()
        for letter in found.reversed() {
            let answer =
                plan.verb == .retry
                ? try await letters.retry(letter, evenInDoubt: plan.evenInDoubt)
                : try await letters.purge(letter)
            counts.note(answer)
            DeadText.tell(answer, letter, plan, arguments, console)
        }
        let missing = plan.selection.jobs.subtracting(found.compactMap(\.job)).sorted()
        for job in missing { DeadText.tellMissing(job, arguments, console) }
        if !arguments.has("--json") { console.out(counts.text(plan, missing: missing.count)) }
        return counts.isAllDone && missing.isEmpty ? .done : .failed
    }
}

/// Pure: what a `dead` command line asks for.
struct DeadPlan {
    enum Verb: String {
        case list, retry, purge
    }

    let verb: Verb
    let selection: DeadLetters.Selection
    let evenInDoubt: Bool

    private static let listedUsually = 100

    init(_ arguments: Arguments) throws {
        guard let verb = Verb(rawValue: arguments.words[0]) else {
            throw CommandFailure("dead knows list, retry and purge", code: .badUsage)
        }
        var selection = DeadLetters.Selection()
        selection.jobs = Set(arguments.words.dropFirst())
        selection.account = arguments["--account"]
        selection.code = arguments["--code"]
        if let limit = arguments["--limit"] {
            selection.limit = try Self.limit(limit)
        } else if verb == .list {
            selection.limit = Self.listedUsually
        }
        let isOpen = selection.jobs.isEmpty && selection.account == nil && selection.code == nil
        guard verb == .list || !isOpen || arguments.has("--all") else {
            throw CommandFailure(
                "\(verb.rawValue) needs a JOB, --account, --code, or --all",
                code: .badUsage
            )
        }
        guard !arguments.has("--in-doubt") || (verb == .retry && !selection.jobs.isEmpty) else {
            throw CommandFailure("--in-doubt is for retry with named jobs only", code: .badUsage)
        }
        self.verb = verb
        self.selection = selection
        evenInDoubt = arguments.has("--in-doubt")
    }

    private static func limit(_ text: String) throws -> Int {
        guard let limit = Int(text), (1...JobQueue.deadLettersMax).contains(limit) else {
            throw CommandFailure(
                "--limit must be from 1 to \(JobQueue.deadLettersMax)",
                code: .badUsage
            )
        }
        return limit
    }
}

/// How many letters were done, and how many not.
struct DeadCounts {
    private var done = 0
    private var refused = 0
    private var gone = 0

    var isAllDone: Bool { refused == 0 && gone == 0 }

    mutating func note(_ answer: DeadLetters.Answer) {
        switch answer {
        case .done: done += 1
        case .refused: refused += 1
        case .gone: gone += 1
        }
    }

    func text(_ plan: DeadPlan, missing: Int) -> String {
        var parts = ["\(done) \(plan.verb == .retry ? "brought back" : "dropped")"]
        if refused > 0 { parts.append("\(refused) refused") }
        if gone > 0 { parts.append("\(gone) gone meanwhile") }
        if missing > 0 { parts.append("\(missing) not found") }
        return parts.joined(separator: ", ")
    }
}
