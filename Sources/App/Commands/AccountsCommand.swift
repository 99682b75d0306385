internal import Crypto
internal import Files
internal import FoundationEssentials
internal import JSON
internal import Publishing

extension Command {
    static let accounts = Command(
        name: "accounts",
        synopsis: "list | show ACCOUNT | add ACCOUNT [--json]",
        summary: "lists, shows and adds TikTok connections",
        help: """
            list           every account: status, scopes, when its tokens end
            show ACCOUNT   one account, with what keeps it waiting: hold and pause
            add ACCOUNT    takes the connection as a JSON object from standard input, never from
                           arguments, and stores its tokens encrypted with the first key of
                           CRYPTOGRAPHY_KEY. Tokens that are already encrypted with one of the
                           keys stay as they are. An existing account gets the new connection, and
                           its waiting jobs go on at once, also where it was paused.

            The object for add: access_token (required), refresh_token, open_id, username,
            scopes (array of strings), expires_in and refresh_expires_in (seconds, as TikTok's token
            answer has them) or access_expires_at and refresh_expires_at (RFC 3339),
            daily_post_limit (posts in 24 hours; DAILY_POST_LIMIT unless given).
            """,
        flags: ["--json"],
        words: 1...2,
        run: { arguments, console in
            let words = arguments.words
            let assembly = Assembly(try Environment.settings(arguments, console))
            defer { assembly.stop() }
            switch (words[0], words.dropFirst().first) {
            case ("list", nil):
                try await list(assembly.accounts, arguments, console)
            case ("show", let name?):
                try await show(name, assembly, arguments, console)
            case ("add", let name?):
                let connection = try AccountDocument.read(
                    try WholeFile.readStandardInput(limit: 64 * 1024),
                    account: name
                )
                try await assembly.accounts.add(connection)
                try await wake(name, assembly)
                console.out("account \(name) is connected")
            default:
                throw CommandFailure(
                    "accounts knows list, show ACCOUNT and add ACCOUNT",
                    code: .badUsage
                )
            }
            return .done
        }
    )

    private static func list(
        _ accounts: Accounts,
        _ arguments: Arguments,
        _ console: Console
    ) async throws {
        let all = try await accounts.all()
        guard !arguments.has("--json") else {
            for account in all { console.json(json(account, accounts)) }
            return
        }
        var table = Table(["ACCOUNT", "STATUS", "USERNAME", "TOKEN", "TOKEN ENDS", "REFRESH ENDS"])
        for account in all {
            table.add([
                account.name, account.status.rawValue, account.username ?? "",
                accounts.opens(account) ? "opens" : "does not open",
                account.accessExpiresAt?.formatted(Date.ISO8601FormatStyle()) ?? "",
                account.refreshExpiresAt?.formatted(Date.ISO8601FormatStyle()) ?? "",
            ])
        }
        console.out(table.text)
    }

    /// Jobs of an account wait for its connection; now there is a new one.
    private static func wake(_ name: String, _ assembly: Assembly) async throws {
        do {
            // Whether it was waiting does not matter.
            _ = try await assembly.queue.resume(.account(name))
        } catch {
            throw CommandFailure(
                "account \(name) is connected, but its jobs could not be woken: \(error); run "
                    + "`tiktok-publisher resume --account \(name)` once Redis answers"
            )
        }
    }

    private static func show(
        _ name: String,
        _ assembly: Assembly,
        _ arguments: Arguments,
        _ console: Console
    ) async throws {
        guard let account = try await assembly.accounts.find(name) else {
            throw CommandFailure("no account '\(name.printable.prefix(128))'")
        }
        let admission = Admission(queue: assembly.queue, limits: assembly.settings.limits)
        let usage = try await admission.usage(of: name, dailyPosts: account.dailyPostLimit)
        var members = json(account, assembly.accounts).object ?? [:]
        members["hold"] = AccountStanding.json(usage.postHold)
        members["draft_hold"] = AccountStanding.json(usage.draftHold)
        members["pause"] = AccountStanding.json(usage.pause)
        guard !arguments.has("--json") else {
            console.json(.object(members))
            return
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let text = value.string ?? value.encodedText
            console.out("\(key.padded(to: 20))\(text)".printable)
        }
    }

    /// What may be shown; never a token.
    private static func json(_ account: Account, _ accounts: Accounts) -> JSONValue {
        [
            "account": .string(account.name), "open_id": .text(account.openID),
            "username": .text(account.username), "status": .string(account.status.rawValue),
            "status_reason": .text(account.statusReason),
            "scopes": .array(account.scopes.map(JSONValue.string)),
            "token_opens": .bool(accounts.opens(account)),
            "has_refresh_token": .bool(account.hasRefreshToken),
            "access_expires_at": .time(account.accessExpiresAt),
            "refresh_expires_at": .time(account.refreshExpiresAt),
            "daily_post_limit": account.dailyPostLimit.map { .integer(Int64($0)) } ?? .null,
            "updated_at": .time(account.updatedAt),
        ]
    }
}

/// Pure: the object that `accounts add` reads.
enum AccountDocument {
    private static let fields: Set = [
        "access_token", "refresh_token", "open_id", "username", "scopes", "scope", "expires_in",
        "refresh_expires_in", "access_expires_at", "refresh_expires_at", "daily_post_limit",
        "token_type",
    ]

    static func read(
        _ bytes: [UInt8],
        account: String,
        now: Date = .now
    ) throws -> Accounts.Connection {
        guard PublishJob.isKey(account) else {
            throw CommandFailure("an account is 1–128 characters of A–Z a–z 0–9 . _ : -")
        }
        guard let value = try? JSONValue(parsing: bytes), let members = value.object else {
            throw CommandFailure("standard input must hold one JSON object")
        }
        if let unknown = members.keys.sorted().first(where: { !fields.contains($0) }) {
            throw CommandFailure("'\(unknown.printable.prefix(64))' is no field of a connection")
        }
        guard let access = value["access_token"]?.string, !access.isEmpty else {
            throw CommandFailure("access_token is required and must be a string")
        }
        return Accounts.Connection(
            account: account,
            openID: try text(value, "open_id"),
            username: try text(value, "username"),
            scopes: try scopes(value),
            accessToken: SecretText(access),
            refreshToken: try text(value, "refresh_token").map(SecretText.init),
            accessExpiresAt: try end(value, "access_expires_at", "expires_in", now),
            refreshExpiresAt: try end(value, "refresh_expires_at", "refresh_expires_in", now),
            dailyPostLimit: try number(value, "daily_post_limit", in: 0...100_000).map(Int.init)
        )
    }

    private static func text(_ value: JSONValue, _ field: String) throws -> String? {
        guard let member = value[field], member != .null else { return nil }
        guard let text = member.string, !text.isEmpty, !text.contains("\0") else {
            throw CommandFailure("\(field) must be a string that is not empty")
        }
        return text
    }

    private static func number(
        _ value: JSONValue,
        _ field: String,
        in range: ClosedRange<Int64>
    ) throws -> Int64? {
        guard let member = value[field], member != .null else { return nil }
        guard let number = member.integer, range.contains(number) else {
            throw CommandFailure(
                "\(field) must be an integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// An array, or TikTok's own list with commas.
    private static func scopes(_ value: JSONValue) throws -> [String] {
        if let list = try text(value, "scope") {
            return list.split(separator: ",").map(String.init)
        }
        guard let member = value["scopes"], member != .null else { return [] }
        let scopes = member.array?.compactMap(\.string) ?? []
        guard scopes.count == member.array?.count else {
            throw CommandFailure("scopes must be an array of strings")
        }
        return scopes
    }

    private static func end(
        _ value: JSONValue,
        _ instant: String,
        _ seconds: String,
        _ now: Date
    ) throws -> Date? {
        if let text = try text(value, instant) {
            guard let date = InternetTime.read(text) else {
                throw CommandFailure("\(instant) must be an RFC 3339 time")
            }
            return date
        }
        return try number(value, seconds, in: 0...100_000_000).map { now + Double($0) }
    }
}
