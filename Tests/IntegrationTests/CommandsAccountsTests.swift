import Crypto
import Foundation
import JSON
import Postgres
import Publishing
import Support
import Testing

/// `accounts`: connections go in, and tokens never come out.
@Suite(.timeLimit(.minutes(10)))
struct CommandsAccountsTests {
    static let token = "act.a-plain-access-token-of-42"
    static let refresh = "rft.a-plain-refresh-token-of-42"

    @Test func `an account is added, listed and shown without its tokens`() async throws {
        try await TestBed.run { bed in
            let document: JSONValue = [
                "access_token": .string(Self.token), "refresh_token": .string(Self.refresh),
                "open_id": "-000-nora", "username": "nora", "scope": "video.publish,video.upload",
                "expires_in": 86400, "refresh_expires_in": 31_536_000, "daily_post_limit": 7,
            ]

            let added = try await bed.run("accounts", "add", "nora", input: document.encodedText)
            let list = try await bed.run("accounts", "list")
            let show = try await bed.run("accounts", "show", "nora")
            let json = try await bed.run("accounts", "list", "--json")

            for result in [added, list, show, json] {
                #expect(result.code == 0, "\(result)")
                #expect(!result.description.contains(Self.token))
                #expect(!result.description.contains(Self.refresh))
                #expect(!result.description.contains("gAAAA"))
            }
            #expect(list.out.contains("nora"))
            #expect(list.out.contains("opens"))
            let account = try JSONValue(parsing: Array(json.out.utf8))
            #expect(account["status"] == "active")
            #expect(account["scopes"] == ["video.publish", "video.upload"])
            #expect(account["daily_post_limit"] == 7)
            #expect(account["has_refresh_token"] == true)
            #expect(account["token_opens"] == true)
            #expect(try await bed.stored("nora", "access_token", opensAs: Self.token))
            #expect(try await bed.stored("nora", "refresh_token", opensAs: Self.refresh))
        }
    }

    @Test func `a token that is sealed already stays as it is`() async throws {
        try await TestBed.run { bed in
            let sealed = try bed.fernet().seal(SecretText(Self.token))
            let document: JSONValue = ["access_token": .string(sealed)]

            let result = try await bed.run("accounts", "add", "nora", input: document.encodedText)

            #expect(result.code == 0, "\(result)")
            #expect(try await bed.stored("nora", "access_token") == sealed)
        }
    }

    @Test func `adding an account again replaces its connection and wakes it`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            _ = try await bed.database.execute(
                """
                UPDATE tiktok_accounts SET status = 'reauthorise', status_reason = 'gone',
                    daily_post_limit = 3
                """
            )
            let document: JSONValue = ["access_token": .string(Self.token)]

            let result = try await bed.run("accounts", "add", "mira", input: document.encodedText)

            #expect(result.code == 0, "\(result)")
            #expect(try await bed.stored("mira", "status") == "active")
            #expect(try await bed.stored("mira", "status_reason") == nil)
            #expect(try await bed.stored("mira", "daily_post_limit") == "3")
            #expect(try await bed.stored("mira", "access_token", opensAs: Self.token))
        }
    }

    @Test(arguments: [
        #"{"access_token":"hunter2secret","acess_expires_in":5}"#,
        #"{"refresh_token":"hunter2secret"}"#,
        #"{"access_token":7}"#,
        #"{"access_token":"hunter2secret","expires_in":-1}"#,
        #"{"access_token":"hunter2secret","scopes":"video.publish"}"#,
        #"["hunter2secret"]"#,
        "hunter2secret",
        "",
    ])
    func `a connection that cannot be read is refused and not repeated`(input: String)
        async throws
    {
        try await TestBed.run { bed in
            let result = try await bed.run("accounts", "add", "nora", input: input)

            #expect(result.code == 1, "\(result)")
            #expect(result.err.count > 30)
            #expect(!result.err.contains("hunter2secret"))
            #expect(try await bed.accounts.all().isEmpty)
        }
    }

    @Test func `an account that is not there, or cannot be, is said to be so`() async throws {
        try await TestBed.run { bed in
            let unknown = try await bed.run("accounts", "show", "\u{1B}[2Jnobody")
            let impossible = try await bed.run(
                "accounts",
                "add",
                "no spaces",
                input: #"{"access_token":"x"}"#
            )

            #expect(unknown.code == 1)
            #expect(unknown.err.contains("nobody"))
            #expect(!unknown.err.contains("\u{1B}"))
            #expect(impossible.code == 1)
        }
    }
}

extension TestBed {
    fileprivate func stored(
        _ account: String,
        _ column: String,
        opensAs plain: String
    ) async throws -> Bool {
        let sealed = try #require(try await stored(account, column))
        return try fernet().openText(sealed).reveal() == plain
    }
}
