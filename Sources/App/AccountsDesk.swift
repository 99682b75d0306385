internal import Files
internal import FoundationEssentials
internal import JSON
internal import Postgres
internal import Publishing
internal import TikTok

/// Carries an `accounts` command out.
struct AccountsDesk {
    let plan: AccountsPlan
    let assembly: Assembly
    let arguments: Arguments
    let console: Console

    var accounts: Accounts { assembly.accounts }

    func run() async throws -> ExitCode {
        let name = plan.names.first ?? ""
        switch plan.verb {
        case .list: try await list()
        case .show: try await show(name)
        case .add: try await add(name)
        case .authorize: try await authorize(name)
        case .check: return try await check()
        case .revoke: try await revoke(name)
        case .remove: try await remove(name)
        }
        return .done
    }

    func find(_ name: String) async throws -> Account {
        guard let account = try await accounts.find(name) else {
            throw CommandFailure("no account '\(name.printable.prefix(128))'")
        }
        return account
    }

    // MARK: Connecting

    private func add(_ name: String) async throws {
        let connection = try AccountDocument.read(
            try WholeFile.readStandardInput(limit: 64 * 1024),
            account: name
        )
        try await accounts.add(connection)
        try await wake(name)
        console.out("account \(name) is connected")
    }

    /// Jobs of an account wait for its connection; now there is a new one.
    func wake(_ name: String) async throws {
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

    // MARK: Checking

    private func check() async throws -> ExitCode {
        var isWrong = false
        for listed in try await chosen() {
            guard let account = listed.account else {
                console.out("\(listed.name): the row cannot be read".printable)
                if let trouble = listed.trouble { console.err("\(trouble)") }
                isWrong = true
                continue
            }
            let current = arguments.has("--refresh") ? try await refreshed(account) : account
            let review = AccountReview(
                current,
                opens: accounts.opens(current),
                canRefresh: assembly.settings.client != nil
            )
            isWrong = isWrong || review.isWrong
            tell(review, of: current)
        }
        return isWrong ? .failed : .done
    }

    private func chosen() async throws -> [Accounts.Listed] {
        guard !plan.names.isEmpty else { return try await accounts.all() }
        var chosen: [Accounts.Listed] = []
        for name in plan.names {
            chosen.append(Accounts.Listed(try await find(name)))
        }
        return chosen
    }

    /// The account after a refresh, where one was due; why it failed stands in its row.
    private func refreshed(_ account: Account) async throws -> Account {
        do throws(TokenTrouble) {
            _ = try await accounts.renew(account)
        } catch {
            if case .database(let error) = error { throw error }
        }
        return try await find(account.name)
    }

    private func tell(_ review: AccountReview, of account: Account) {
        guard !arguments.has("--json") else {
            console.json([
                "account": .string(account.name), "status": .string(account.status.rawValue),
                "access_expires_at": .time(account.accessExpiresAt),
                "refresh_expires_at": .time(account.refreshExpiresAt),
                "findings": .array(review.findings.map(\.json)),
            ])
            return
        }
        if review.findings.isEmpty {
            let end = account.accessExpiresAt.map { ", token until \($0.instant)" } ?? ""
            console.out("ok       \(account.name)\(end)".printable)
        }
        for finding in review.findings {
            console.out(
                "\(finding.verdict.padded(to: 9))\(account.name): \(finding.text)".printable
            )
        }
    }

    // MARK: Ending

    private func revoke(_ name: String) async throws {
        let end = try await accounts.revoke(
            try await find(name),
            reason: "an operator revoked it"
        )
        switch end {
        case .told: console.out("account \(name) is revoked")
        case .wasGone: console.out("account \(name) is revoked; TikTok had ended it already")
        case .untold:
            console.out(
                "account \(name) is revoked here. There was no token to tell TikTok with: the "
                    + "creator can remove the app in TikTok's settings, under connected apps"
            )
        }
        await hurry(name)
    }

    /// Jobs that wait for something else of the account's learn now that it cannot be posted for.
    private func hurry(_ name: String) async {
        do {
            try await assembly.queue.wake(name)
        } catch {
            console.err("warning: its waiting jobs learn it at their next turn only: \(error)")
        }
    }

    private func remove(_ name: String) async throws {
        let account = try await find(name)
        guard try await accounts.remove(name, evenActive: arguments.has("--force")) else {
            throw CommandFailure(
                "account \(name) is \(account.status.rawValue): `accounts revoke \(name)` ends the "
                    + "creator's consent first; --force removes the row all the same"
            )
        }
        console.out("account \(name) is removed")
        await hurry(name)
    }
}

extension AccountReview.Finding {
    var verdict: String { isWrong ? "wrong" : "warning" }

    var text: String { "\(message) \(owner.rawValue): \(action)" }

    var json: JSONValue {
        [
            "verdict": .string(verdict), "code": .string(code), "owner": .string(owner.rawValue),
            "message": .string(message), "action": .string(action),
        ]
    }
}
