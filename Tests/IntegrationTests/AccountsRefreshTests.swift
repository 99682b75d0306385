import Crypto
import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing
import TikTok

/// Tokens that end are replaced, by one at a time, and nothing that passes ends a connection.
@Suite(.timeLimit(.minutes(10)))
struct AccountsRefreshTests {
    @Test func `a token that has ended is replaced, and the new pair is stored`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            let old = try await bed.openedToken("mira", "refresh_token")
            try await AccountsProcess.run(on: bed) { processes in
                let token = try await processes[0].token(of: "mira")

                #expect(try await bed.takes(token))
                #expect(try await bed.openedToken("mira") == token)
                #expect(try await bed.openedToken("mira", "refresh_token") != old)
                #expect(try await bed.stored("mira", "token_version") == "2")
                #expect(try await bed.stored("mira", "refresh_lease") == nil)
                #expect(try await processes[0].token(of: "mira") == token)
                #expect(bed.tokenRequests == 1)
                let log = processes[0].log.joined()
                #expect(log.contains("account.refreshed"))
                #expect(!log.contains("mira") && !log.contains(token))
            }
        }
    }

    @Test func `a thousand who ask at once, in many processes, make one call`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            // The answer takes a second or two, so that everybody meets the refresh under way.
            bed.sandbox.fault(.token, .slow(bytesPerSecond: 150))
            let programs = try (0..<4).map { _ in
                try bed.start(["accounts", "check", "mira", "--refresh"])
            }
            try await AccountsProcess.run(8, on: bed) { processes in
                let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                    for index in 0..<1000 {
                        group.addTask { try await processes[index % 8].token(of: "mira") }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }

                #expect(tokens == [try await bed.openedToken("mira")])
                for program in programs {
                    let result = try await program.waitForExit()
                    #expect(result.code == 0, "\(result)")
                }
                #expect(bed.tokenRequests == 1)
                #expect(bed.sandbox.report().violations.isEmpty)
            }
        }
    }

    @Test func `a live token goes on while another process gets the next one`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: 60)
            let old = try await bed.openedToken("mira")
            bed.sandbox.fault(.token, .slow(bytesPerSecond: 150))
            try await AccountsProcess.run(2, on: bed) { processes in
                let first = Task { try await processes[0].token(of: "mira") }
                try await bed.tokensAreAsked()

                #expect(try await processes[1].token(of: "mira") == old)

                #expect(bed.tokenRequests == 1)
                let new = try await first.value
                #expect(new != old)
                #expect(try await processes[1].token(of: "mira") == new)
            }
        }
    }

    @Test func `a fault of TikTok's is no trouble while the token lives`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: 60)
            let old = try await bed.openedToken("mira")
            bed.sandbox.fault(
                .token,
                .refuse(status: 503, code: "temporarily_unavailable"),
                count: nil
            )
            try await AccountsProcess.run(2, on: bed) { processes in
                let first = try await processes[0].token(of: "mira")
                let asked = bed.tokenRequests
                let second = try await processes[1].token(of: "mira")

                #expect(first == old && second == old)

                #expect(bed.tokenRequests == asked)
                #expect(try await bed.stored("mira", "status") == "active")
                #expect(
                    try await bed.stored("mira", "refresh_failure") == "temporarily_unavailable"
                )
            }
        }
    }

    @Test func `a fault of TikTok's passes, and the account goes on by itself`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.fault(.token, .refuse(status: 500, code: "server_error"), count: 2)
            let timing = TokenRenewal.Timing(
                repeatPause: .milliseconds(1),
                firstPause: .milliseconds(1)
            )
            try await AccountsProcess.run(on: bed, timing: timing) { processes in
                let failure = await processes[0].closed("mira")

                #expect(failure?.code == "server_error")
                #expect(failure?.owner == .tiktok)
                #expect(failure?.retryAfter != nil)
                let token = try await processes[0].token(of: "mira")
                #expect(try await bed.takes(token))
                #expect(try await bed.stored("mira", "refresh_failure") == nil)
            }
        }
    }

    @Test(arguments: [SandboxFault.Action.resetAfter, .truncated(after: 20), .resetBefore])
    func `an answer that is lost is asked for once more`(fault: SandboxFault.Action) async throws {
        try await TestBed.run(options: { $0.repeatedRefreshSeconds = 60 }) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.fault(.token, fault)
            try await AccountsProcess.run(on: bed) { processes in
                let token = try await processes[0].token(of: "mira")

                #expect(try await bed.takes(token))
                #expect(bed.tokenRequests == 2)
                try await bed.endToken(of: "mira", inSeconds: -1)
                #expect(try await processes[0].token(of: "mira") != token)
            }
        }
    }

    @Test func `an answer lost for ever is said to be the reason`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.fault(.token, .resetAfter)
            try await AccountsProcess.run(on: bed) { processes in
                let failure = await processes[0].closed("mira")

                #expect(failure?.code == "account_reauthorise")
                #expect(failure?.owner == .creator)
                #expect(try await bed.stored("mira", "status") == "reauthorise")
                let reason = try #require(try await bed.stored("mira", "status_reason"))
                #expect(reason.contains("answer to an earlier request for new tokens was lost"))
                #expect(reason.contains("The connection has ended"))
            }
        }
    }

    @Test func `tokens that cannot be stored are held until they can`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            try await bed.refuseNewTokens()
            try await AccountsProcess.run(on: bed) { processes in
                let token = Task { try await processes[0].token(of: "mira") }
                try await waitUntil("the trouble in the log") {
                    processes[0].log.contains { $0.contains("account.unstored") }
                }

                try await bed.allowNewTokens()

                let new = try await token.value
                #expect(try await bed.openedToken("mira") == new)
                #expect(try await bed.takes(new))
                #expect(bed.tokenRequests == 1)
                #expect(processes[0].log.count { $0.contains("account.unstored") } == 1)
            }
        }
    }

    @Test func `a refresh goes on when whoever asked has gone`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            let old = try await bed.openedToken("mira")
            bed.sandbox.fault(.token, .slow(bytesPerSecond: 200))
            try await AccountsProcess.run(on: bed) { processes in
                let asking = Task { try await processes[0].token(of: "mira") }
                try await bed.tokensAreAsked()

                asking.cancel()
                await #expect(throws: Stop.self) { try await asking.value }
                await processes[0].accounts.settle(atMost: .seconds(20))

                #expect(try await bed.openedToken("mira") != old)
            }
        }
    }
}

extension AccountsProcess {
    /// Why the account's jobs must wait; `nil` when they need not.
    func closed(_ name: String) async -> Failure? {
        do {
            _ = try await token(of: name)
        } catch Stop.accountClosed(let failure) {
            return failure
        } catch {
            Issue.record(error)
        }
        return nil
    }
}

extension TestBed {
    /// From now on PostgreSQL takes everything but new tokens.
    func refuseNewTokens() async throws {
        try await database.execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''no new tokens''; END'
            """
        )
        try await database.execute(
            """
            CREATE TRIGGER refuse BEFORE UPDATE OF access_token ON tiktok_accounts
            FOR EACH ROW EXECUTE FUNCTION refuse()
            """
        )
    }

    func allowNewTokens() async throws {
        try await database.execute("DROP TRIGGER refuse ON tiktok_accounts")
    }
}
