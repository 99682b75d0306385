import Crypto
import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing
import TikTok

/// What TikTok refuses, and what others do to the row in the meantime.
@Suite(.timeLimit(.minutes(10)))
struct AccountsRefusalTests {
    @Test func `a refused token is replaced once, whoever asks`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let old = try await bed.openedToken("mira")
            bed.sandbox.advanceClock(by: .seconds(7200))
            try await AccountsProcess.run(2, on: bed) { processes in
                let first = try await processes[0].token(of: "mira", afterRefusalOf: old)
                let second = try await processes[1].token(of: "mira", afterRefusalOf: old)

                #expect(first != old && first == second)
                #expect(try await bed.takes(first))
                #expect(bed.tokenRequests == 1)
            }
        }
    }

    @Test func `a fresh token that is refused too is not replaced at once`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let old = try await bed.openedToken("mira")
            try await AccountsProcess.run(on: bed) { processes in
                let new = try await processes[0].token(of: "mira", afterRefusalOf: old)

                await #expect(throws: Stop.self) {
                    try await processes[0].token(of: "mira", afterRefusalOf: new)
                }

                #expect(bed.tokenRequests == 1)
                #expect(try await bed.stored("mira", "status") == "active")
            }
        }
    }

    @Test func `a connection that the creator has ended says so to the creator`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let old = try await bed.openedToken("mira")
            bed.sandbox.disconnect("-000-mira")
            try await AccountsProcess.run(2, on: bed) { processes in
                await #expect(throws: Stop.self) {
                    try await processes[0].token(of: "mira", afterRefusalOf: old)
                }

                let failure = await processes[1].closed("mira")
                #expect(failure?.code == "account_reauthorise")
                #expect(failure?.owner == .creator)
                #expect(failure?.message.contains("The connection has ended") == true)
                let status = try await bed.stored("mira", "status")
                #expect(status == "reauthorise")
                #expect(bed.tokenRequests == 1)
                #expect(processes[0].log.contains { $0.contains("account.reauthorise") })
            }
        }
    }

    @Test(arguments: [60.0, -1])
    func `a wrong secret is the operator's to mend and ends no connection`(left: Double)
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: left)
            let old = try await bed.openedToken("mira")
            try await AccountsProcess.run(on: bed, secret: "another-secret") { processes in
                if left > 0 {
                    let token = try await processes[0].token(of: "mira")
                    #expect(token == old)
                } else {
                    let failure = await processes[0].closed("mira")
                    #expect(failure?.code == "invalid_client")
                    #expect(failure?.owner == .operator)
                }

                let status = try await bed.stored("mira", "status")
                let noted = try await bed.stored("mira", "refresh_failure")
                #expect(status == "active" && noted == "invalid_client")
            }
        }
    }

    @Test func `without the app's secret a token lives until its end`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: 60)
            try await AccountsProcess.run(on: bed, secret: nil) { processes in
                let stored = try await bed.openedToken("mira")
                #expect(try await processes[0].token(of: "mira") == stored)
                try await bed.endToken(of: "mira", inSeconds: -1)

                let failure = await processes[0].closed("mira")
                #expect(failure?.code == "tiktok_client_unset")
                #expect(failure?.owner == .operator)
                #expect(try await bed.stored("mira", "status") == "active")
            }
        }
    }

    @Test func `without a refresh token the end of the access token is the end`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.database.execute("UPDATE tiktok_accounts SET refresh_token = NULL")
            try await bed.endToken(of: "mira", inSeconds: -1)
            try await AccountsProcess.run(on: bed) { processes in
                let failure = await processes[0].closed("mira")

                #expect(failure?.code == "account_reauthorise")
                #expect(try await bed.stored("mira", "status") == "reauthorise")
                let reason = try await bed.stored("mira", "status_reason")
                #expect(reason?.contains("no refresh token") == true)
                #expect(bed.tokenRequests == 0)
            }
        }
    }

    /// Runs a test while a process has asked TikTok for tokens and has no answer yet.
    private func inMidRefresh(
        _ body: (TestBed, AccountsProcess, Task<String, any Error>) async throws -> Void
    ) async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.fault(.token, .slow(bytesPerSecond: 200))
            try await AccountsProcess.run(on: bed) { processes in
                let asking = Task { try await processes[0].token(of: "mira") }
                try await bed.tokensAreAsked()
                try await body(bed, processes[0], asking)
            }
        }
    }

    @Test func `a new connection counts more than tokens on their way`() async throws {
        try await inMidRefresh { bed, process, asking in
            try await bed.connect("mira")
            let connected = try await bed.openedToken("mira")

            #expect(try await asking.value == connected)
            await process.accounts.settle(atMost: .seconds(20))
            #expect(try await bed.openedToken("mira") == connected)
        }
    }

    @Test func `keys that are rotated in mid-refresh cost no tokens`() async throws {
        try await inMidRefresh { bed, _, asking in
            let sealed = try #require(try await bed.stored("mira", "refresh_token"))
            let anew = try bed.fernet().rotate(sealed)
            try await bed.database.execute("UPDATE tiktok_accounts SET refresh_token = \(anew)")

            let new = try await asking.value
            #expect(try await bed.takes(new))
            #expect(try await bed.openedToken("mira") == new)
            #expect(bed.tokenRequests == 1)
        }
    }

    @Test func `a worker that died in mid-refresh is waited for, and then replaced`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET refresh_lease = 'gone',
                    refresh_lease_until = now() + interval '1 hour'
                """
            )
            let timing = TokenRenewal.Timing(patience: .seconds(4))
            try await AccountsProcess.run(on: bed, timing: timing) { processes in
                #expect(await processes[0].closed("mira")?.code == "token_refresh_busy")
                #expect(bed.tokenRequests == 0)

                try await bed.database.execute(
                    "UPDATE tiktok_accounts SET refresh_lease_until = now() - interval '1 s'"
                )

                let new = try await processes[0].token(of: "mira")
                #expect(try await bed.takes(new))
            }
        }
    }

    @Test func `a row that cannot be read is the trouble of its own account only`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "odd")
            try await bed.database.execute(
                "UPDATE tiktok_accounts SET scopes = '{NULL}' WHERE account = 'odd'"
            )

            // One look-up under way makes the others gather.
            async let first = bed.accounts.find("mira")
            async let odd = bed.accounts.find("odd")
            async let second = bed.accounts.find("mira")
            async let nobody = bed.accounts.find("nobody")

            #expect(try await first?.name == "mira")
            #expect(try await second?.name == "mira")
            #expect(try await nobody == nil)
            do {
                _ = try await odd
                Issue.record("the odd row was read")
            } catch {
                #expect("\(error)".contains("scopes"))
            }
            let all = try await bed.accounts.all()
            #expect(all.map(\.name) == ["mira", "odd"])
            #expect(all.map { $0.account == nil } == [false, true])
        }
    }
}
