import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support
import Testing

/// `accounts check`, `revoke` and `remove`.
@Suite(.timeLimit(.minutes(10)))
struct AccountsCommandTests {
    @Test func `a check names who must do what, and fails when posts wait`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("fine", "gone", "ends", "drafts", "odd")
            try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET
                    status = CASE account WHEN 'gone' THEN 'reauthorise' ELSE 'active' END,
                    status_reason = CASE account WHEN 'gone' THEN 'the creator left' END,
                    refresh_expires_at = CASE account WHEN 'ends' THEN now() + interval '9 days'
                        ELSE refresh_expires_at END,
                    scopes = CASE account WHEN 'drafts' THEN '{video.upload}'
                        WHEN 'odd' THEN '{NULL}' ELSE scopes END
                """
            )

            let all = try await bed.run("accounts", "check")
            let fine = try await bed.run("accounts", "check", "fine")
            let json = try await bed.run("accounts", "check", "gone", "ends", "--json")

            #expect(all.code == 1, "\(all)")
            #expect(all.out.contains("wrong    gone: The connection is reauthorise"))
            #expect(all.out.contains("warning  ends: The refresh token ends at"))
            #expect(all.out.contains("warning  drafts: The permission video.publish is missing"))
            #expect(all.out.contains("odd: the row cannot be read"))
            #expect(fine.code == 0, "\(fine)")
            #expect(fine.out.hasPrefix("ok       fine, token until"))
            let lines = try json.out.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
            #expect(lines.count == 2)
            #expect(lines.first?["findings"]?.array?.first?["owner"] == "creator")
        }
    }

    @Test func `a check refreshes what has ended where it is told to`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)

            let result = try await bed.run("accounts", "check", "--refresh")

            #expect(result.code == 0, "\(result)")
            #expect(bed.tokenRequests == 1)
            let token = try await bed.openedToken("mira")
            #expect(try await bed.takes(token))
            #expect(!result.description.contains(token))
        }
    }

    @Test func `revoking ends the consent at TikTok and deletes the tokens`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")
            try await bed.endToken(of: "mira", inSeconds: -1)
            bed.sandbox.advanceClock(by: .seconds(7200))

            let early = try await bed.run("accounts", "remove", "mira")
            let revoked = try await bed.run("accounts", "revoke", "mira")
            let again = try await bed.run("accounts", "revoke", "mira")

            #expect(early.code == 1)
            #expect(early.err.contains("accounts revoke mira"))
            #expect(revoked.code == 0, "\(revoked)")
            #expect(revoked.out.contains("account mira is revoked\n"))
            #expect(again.code == 0, "\(again)")
            #expect(bed.sandbox.report().requests[.revoke] == 1)
            #expect(try await bed.stored("mira", "status") == "revoked")
            #expect(try await bed.stored("mira", "access_token") == nil)
            #expect(try await bed.stored("mira", "refresh_token") == nil)

            let removed = try await bed.run("accounts", "remove", "mira")

            #expect(removed.code == 0, "\(removed)")
            #expect(try await bed.accounts.all().isEmpty)
        }
    }

    @Test func `a connection that TikTok has ended is revoked here all the same`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")
            bed.sandbox.disconnect("-000-mira")

            let result = try await bed.run("accounts", "revoke", "mira")

            #expect(result.code == 0, "\(result)")
            #expect(result.out.contains("TikTok had ended it already"))
            #expect(try await bed.stored("mira", "status") == "revoked")
        }
    }

    @Test func `nothing changes when TikTok cannot be told`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")
            bed.sandbox.fault(.revoke, .refuse(status: 503, code: "temporarily_unavailable"))

            let result = try await bed.run("accounts", "revoke", "mira")

            #expect(result.code == 1, "\(result)")
            #expect(try await bed.stored("mira", "status") == "active")
            #expect(try await bed.takes(bed.openedToken("mira")))
        }
    }

    @Test(arguments: [
        ["list", "mira"], ["show"], ["authorize"], ["revoke", "a", "b"], ["connect", "mira"],
        ["list", "--refresh"], ["add", "mira", "--paste"], ["check", "--scopes", "video.upload"],
        ["remove", "mira", "--for", "1h"],
    ])
    func `a command line that makes no sense is refused`(words: [String]) async throws {
        try await TestBed.run { bed in
            let result = try await bed.start(["accounts"] + words).waitForExit()

            #expect(result.code == 2, "\(result)")
            #expect(result.err.contains("accounts"))
        }
    }
}
