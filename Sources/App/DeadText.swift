internal import FoundationEssentials
internal import JSON
internal import Publishing

/// Dead letters as people and programs read them.
enum DeadText {
    static func list(
        _ letters: [DeadLetters.Letter],
        _ plan: DeadPlan,
        _ arguments: Arguments,
        _ console: Console
    ) -> ExitCode {
        if arguments.has("--json") {
            for letter in letters { console.json(.object(json(letter))) }
            return .done
        }
        guard !letters.isEmpty else {
            console.out("no dead letters")
            return .done
        }
        console.out(table(letters))
        if letters.count == plan.selection.limit {
            console.err("the newest \(letters.count); --limit shows more")
        }
        return .done
    }

    private static func table(_ letters: [DeadLetters.Letter]) -> String {
        var table = Table(["JOB", "ACCOUNT", "CODE", "OWNER", "AGE", "WHAT THE OWNER SHOULD DO"])
        for letter in letters {
            table.add([
                letter.job ?? "(no id)", letter.account ?? "", letter.code,
                letter.owner ?? "", letter.diedAt.map(TimeSpan.age) ?? "", letter.action ?? "",
            ])
        }
        return table.text
    }

    private static func json(_ letter: DeadLetters.Letter) -> [String: JSONValue] {
        [
            "job": .text(letter.job), "ticket": .string(letter.ticket),
            "account": .text(letter.account), "queue": .string(letter.queue),
            "code": .string(letter.code), "status": .text(letter.row?.status.rawValue),
            "error_owner": .text(letter.owner), "error_message": .text(letter.message),
            "error_action": .text(letter.action), "died_at": .time(letter.diedAt),
        ]
    }

    /// One line a letter: what was refused goes to standard error.
    static func tell(
        _ answer: DeadLetters.Answer,
        _ letter: DeadLetters.Letter,
        _ plan: DeadPlan,
        _ arguments: Arguments,
        _ console: Console
    ) {
        let name = letter.job ?? "(no id)"
        let (word, reason): (String, String?) =
            switch answer {
            case .done: ("done", nil)
            case .refused(let reason): ("refused", reason)
            case .gone: ("gone", "it is no dead letter any more")
            }
        guard !arguments.has("--json") else {
            var members = json(letter)
            members["result"] = .string(word)
            members["reason"] = .text(reason)
            console.json(.object(members))
            return
        }
        if let reason {
            console.err("\(name): \(word): \(reason)")
        } else {
            console.out("\(name): \(plan.verb == .retry ? "begins anew" : "dropped")".printable)
        }
    }

    static func tellMissing(_ job: String, _ arguments: Arguments, _ console: Console) {
        let reason = "is no dead letter; `tiktok-publisher jobs show` says where it is"
        if arguments.has("--json") {
            console.json([
                "job": .string(job), "result": "not_found", "reason": .string(reason),
            ])
        } else {
            console.err("\(job) \(reason)")
        }
    }
}
