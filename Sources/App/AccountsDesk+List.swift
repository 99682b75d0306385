internal import FoundationEssentials
internal import JSON
internal import Publishing
internal import Telemetry

/// What may be shown of accounts; never a token.
extension AccountsDesk {
    func list() async throws {
        let all = try await accounts.all()
        guard !arguments.has("--json") else {
            for listed in all { console.json(json(listed)) }
            return
        }
        var table = Table([
            "ACCOUNT", "STATUS", "USERNAME", "TOKEN", "TOKEN ENDS", "REFRESH ENDS", "TAG",
        ])
        for listed in all {
            guard let account = listed.account else {
                table.add([listed.name, "unreadable", "", listed.trouble.map { "\($0)" } ?? ""])
                continue
            }
            table.add([
                account.name, account.status.rawValue, account.username ?? "",
                accounts.opens(account) ? "opens" : "does not open",
                account.accessExpiresAt?.instant ?? "", account.refreshExpiresAt?.instant ?? "",
                tag(account.name),
            ])
        }
        console.out(table.text)
    }

    func show(_ name: String) async throws {
        let account = try await find(name)
        let admission = Admission(queue: assembly.queue, limits: assembly.settings.limits)
        let usage = try await admission.usage(of: name, dailyPosts: account.dailyPostLimit)
        var members = json(account).object ?? [:]
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

    private func json(_ listed: Accounts.Listed) -> JSONValue {
        guard let account = listed.account else {
            return [
                "account": .string(listed.name), "status": "unreadable",
                "trouble": .text(listed.trouble.map { "\($0)" }),
            ]
        }
        return json(account)
    }

    private func json(_ account: Account) -> JSONValue {
        [
            "account": .string(account.name), "open_id": .text(account.openID),
            "username": .text(account.username), "status": .string(account.status.rawValue),
            "status_reason": .text(account.statusReason),
            "scopes": .array(account.scopes.map(JSONValue.string)),
            "token_opens": .bool(accounts.opens(account)),
            "has_refresh_token": .bool(account.hasRefreshToken),
            "access_expires_at": .time(account.accessExpiresAt),
            "refresh_expires_at": .time(account.refreshExpiresAt),
            "refreshed_at": .time(account.refreshedAt),
            "refresh_failure": .text(account.refreshFailure),
            "daily_post_limit": account.dailyPostLimit.map { .integer(Int64($0)) } ?? .null,
            "updated_at": .time(account.updatedAt), "tag": .string(tag(account.name)),
        ]
    }

    /// How the log calls the account.
    private func tag(_ name: String) -> String { assembly.settings.tagger.tag(name).text }
}
