internal import Files
internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let accounts = Command(
        name: "accounts",
        synopsis: "(list | show A | add A | authorize A | check [A…] | revoke A | remove A) "
            + "[--json]",
        summary: "connects TikTok accounts, checks and ends connections",
        help: """
            list           every account: status, scopes, when its tokens end
            show A         one account, with what keeps it waiting: hold and pause
            add A          takes the connection as a JSON object from standard input, never from
                           arguments, and stores its tokens encrypted with the first key of
                           CRYPTOGRAPHY_KEY. Tokens that are already encrypted with one of the
                           keys stay as they are. An existing account gets the new connection, and
                           its waiting jobs go on at once, also where it was paused.
            authorize A    prints TikTok's consent address for the account's owner and finishes the
                           exchange. With a TIKTOK_REDIRECT_URI on localhost or 127.0.0.1 it
                           listens there for the answer; otherwise, and with --paste, it reads the
                           address that the browser ended at from standard input.
            check [A…]     what is wrong, or soon will be, with each account, who can mend it and
                           how; all accounts unless some are named. Exit 1 when posts fail or wait.
            revoke A       ends the connection at TikTok and deletes its tokens; the row stays
            remove A       deletes the row of a revoked account

            --refresh      check: first gets new tokens where they have ended or soon will
            --paste        authorize: reads the answer from standard input
            --for SPAN     authorize: how long to wait for the answer, such as 30m; 10m unless given
            --scopes LIST  authorize: permissions to ask for, separated by commas;
                           \(Scopes.asked.joined(separator: ","))
                           unless given
            --force        authorize: also when the account belongs to another TikTok user so far;
                           remove: also when the connection stands

            The object for add: access_token (required), refresh_token, open_id, username,
            scopes (array of strings), expires_in and refresh_expires_in (seconds, as TikTok's token
            answer has them) or access_expires_at and refresh_expires_at (RFC 3339),
            daily_post_limit (posts in 24 hours; DAILY_POST_LIMIT unless given).
            """,
        flags: ["--json", "--refresh", "--paste", "--force"],
        options: ["--for", "--scopes"],
        words: 1...1001,
        run: { arguments, console in
            let plan = try AccountsPlan(arguments)
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            return try await AccountsDesk(
                plan: plan,
                assembly: assembly,
                arguments: arguments,
                console: console
            ).run()
        }
    )
}

/// Pure: what an `accounts` command line asks for.
struct AccountsPlan {
    enum Verb: String, CaseIterable {
        case list, show, add, authorize, check, revoke, remove

        /// Besides `--json`, which all take.
        var switches: Set<String> {
            switch self {
            case .list, .show, .add, .revoke: []
            case .authorize: ["--paste", "--for", "--scopes", "--force"]
            case .check: ["--refresh"]
            case .remove: ["--force"]
            }
        }
    }

    let verb: Verb
    let names: [String]

    init(_ arguments: Arguments) throws(CommandFailure) {
        guard let verb = arguments.words.first.flatMap(Verb.init) else {
            throw Self.misuse(
                "accounts knows \(Verb.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        let names = Array(arguments.words.dropFirst())
        switch verb {
        case .list where !names.isEmpty: throw Self.misuse("accounts list takes no name")
        case .list, .check: break
        case .show, .add, .authorize, .revoke, .remove:
            guard names.count == 1 else {
                throw Self.misuse("accounts \(verb.rawValue) takes the name of one account")
            }
        }
        let given = arguments.flags.union(arguments.options.keys)
        let known = verb.switches.union(["--json", "--env-file"])
        if let odd = given.subtracting(known).min() {
            throw Self.misuse("accounts \(verb.rawValue) does not take \(odd)")
        }
        self.verb = verb
        self.names = names
    }

    private static func misuse(_ words: String) -> CommandFailure {
        CommandFailure(words, code: .badUsage)
    }
}
