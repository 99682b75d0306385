internal import FoundationEssentials
internal import JSON
internal import Publishing
internal import TikTok

extension Command {
    static let limits = Command(
        name: "limits",
        synopsis: "ACCOUNT [--json]",
        summary: "shows every limit of an account: used, cap, when the next slot frees",
        help: """
            posts       in a rolling 24 hours; the cap is the account's own, else DAILY_POST_LIMIT
            drafts      in a rolling 24 hours, of DAILY_DRAFT_LIMIT
            accounts    of the whole app that posted in a rolling 24 hours, of DAILY_ACCOUNT_LIMIT
            calls       of each endpoint in a sliding minute
            slots       jobs that may transfer now, of ACCOUNT_CONCURRENCY; the others wait, posts
                        and drafts each in a line of their own

            Then what keeps the account waiting: its connection, a hold after TikTok's answers, a
            pause by an operator. The caps are those of the settings this command reads; TikTok may
            count more than this program knows.
            """,
        flags: ["--json"],
        words: 1...1,
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            let name = arguments.words[0]
            guard let account = try await assembly.accounts.find(name) else {
                throw CommandFailure("no account '\(name.printable.prefix(128))'")
            }
            let admission = Admission(queue: assembly.queue, limits: settings.limits)
            let usage = try await admission.usage(
                of: account.name,
                dailyPosts: account.dailyPostLimit
            )
            let text = LimitsText(
                account: account,
                usage: usage,
                slots: settings.limits.concurrency
            )
            if arguments.has("--json") {
                console.json(text.json)
            } else {
                console.out(text.table)
            }
            return .done
        }
    )
}

/// Pure: an account's limits as people and programs read them.
struct LimitsText {
    let account: Account
    let usage: Admission.Usage
    /// How many it may have.
    let slots: Int

    private var rows: [(name: String, window: String, count: Admission.Count)] {
        [
            ("posts", "24 h", usage.posts), ("drafts", "24 h", usage.drafts),
            ("accounts", "24 h", usage.activeAccounts),
        ] + usage.calls.map { ("calls \($0.endpoint.rawValue)", "1 min", $0.count) }
    }

    var table: String {
        var table = Table(["LIMIT", "IN", "USED", "CAP", "NEXT"])
        for row in rows {
            table.add([
                row.name, row.window, "\(row.count.used)",
                row.count.cap.map { "\($0)" } ?? "none", next(row.count.next),
            ])
        }
        let isFull = usage.running >= slots
        table.add([
            "slots", "", "\(usage.running)", "\(slots)",
            isFull ? "when a job is through" : "now",
        ])
        return ([table.text, ""] + standing).joined(separator: "\n")
    }

    private func next(_ next: Admission.Count.Next) -> String {
        switch next {
        case .now: "now"
        case .at(let date): date.instant
        case .never: "never: the cap is 0"
        }
    }

    /// What keeps the account waiting.
    private var standing: [String] {
        let reason = account.statusReason.map { ": \($0)" } ?? ""
        func words(_ hold: Admission.Hold?) -> String {
            hold.map { "until \($0.until.instant): \($0.reason)" } ?? "none"
        }
        let pause = usage.pause.map { pause in
            "\(pause.until.map { "until \($0.instant)" } ?? "until resumed"): \(pause.reason)"
        }
        return [
            "in line   \(usage.inLine) jobs", "status    \(account.status.rawValue)\(reason)",
            "hold      posts \(words(usage.postHold)); drafts \(words(usage.draftHold))",
            "pause     \(pause ?? "none")",
        ].map(\.printable)
    }

    var json: JSONValue {
        [
            "account": .string(account.name), "status": .string(account.status.rawValue),
            "status_reason": .text(account.statusReason), "posts": json(usage.posts),
            "drafts": json(usage.drafts), "active_accounts": json(usage.activeAccounts),
            "calls_per_minute": .object(
                Dictionary(
                    usage.calls.map { ($0.endpoint.rawValue, json($0.count)) },
                    uniquingKeysWith: { first, _ in first }
                )
            ),
            "slots": ["used": .integer(Int64(usage.running)), "cap": .integer(Int64(slots))],
            "in_line": .integer(Int64(usage.inLine)),
            "hold": AccountStanding.json(usage.postHold),
            "draft_hold": AccountStanding.json(usage.draftHold),
            "pause": AccountStanding.json(usage.pause),
        ]
    }

    private func json(_ count: Admission.Count) -> JSONValue {
        let next: JSONValue =
            switch count.next {
            case .now: "now"
            case .at(let date): .time(date)
            case .never: "never"
            }
        return [
            "used": .integer(Int64(count.used)),
            "cap": count.cap.map { .integer(Int64($0)) } ?? .null, "next": next,
        ]
    }
}

/// Pure: what keeps an account waiting, for programs.
enum AccountStanding {
    static func json(_ hold: Admission.Hold?) -> JSONValue {
        guard let hold else { return .null }
        return ["until": .time(hold.until), "reason": .string(hold.reason)]
    }

    static func json(_ pause: Admission.Pause?) -> JSONValue {
        guard let pause else { return .null }
        return ["until": .time(pause.until), "reason": .string(pause.reason)]
    }
}
