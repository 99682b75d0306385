import Crypto
import EventLoop
import Foundation
import HTTP
import JSON
import Postgres
import PrivateServers
import Publishing
import Sandbox
import Support
import Synchronization
import Telemetry
import Testing
import TikTok

/// The accounts as one worker process has them: a loop, a pool and a way to TikTok of its own.
final class AccountsProcess: Sendable {
    let accounts: Accounts
    private let loop: EventLoop
    private let database: PostgresPool
    private let http: HTTPClient
    private let lines: Lines

    /// What it has logged.
    var log: [String] { lines.all }

    static let secret = "sandbox-client-secret"

    init(
        _ bed: TestBed,
        secret: String? = AccountsProcess.secret,
        timing: TokenRenewal.Timing = TokenRenewal.Timing(repeatPause: .milliseconds(1))
    ) throws {
        loop = EventLoop(name: "accounts")
        database = PostgresPool(
            try PostgresAddress(bed.servers.postgres.url),
            on: loop,
            applicationName: "accounts",
            schema: bed.schema,
            size: 2
        )
        let http = HTTPClient(on: loop)
        self.http = http
        let client = try secret.map { text in
            ClientCredentials(key: "sandbox-client-key", secret: try #require(ClientSecret(text)))
        }
        let lines = Lines()
        let renewal = TokenRenewal(
            api: TikTokAPI(base: try APIAddress(bed.sandbox.url)) { request throws(HTTPError) in
                try await http.send(request)
            },
            client: client,
            log: Log(redactor: Redactor(secrets: SecretRegistry())) { lines.add($0) },
            tagger: AccountTagger { HMACSHA256.sign(key: [1], message: $0) },
            timing: timing
        )
        accounts = Accounts(
            database: database,
            on: loop,
            fernet: try bed.fernet(),
            renewal: renewal
        )
        self.lines = lines
    }

    func close() async {
        await accounts.settle(atMost: .seconds(20))
        await http.close()
        await database.close()
        loop.stop()
    }

    /// Runs a test with so many processes.
    static func run(
        _ count: Int = 1,
        on bed: TestBed,
        secret: String? = AccountsProcess.secret,
        timing: TokenRenewal.Timing = TokenRenewal.Timing(repeatPause: .milliseconds(1)),
        _ body: ([AccountsProcess]) async throws -> Void
    ) async throws {
        let all = try (0..<count).map { _ in
            try AccountsProcess(bed, secret: secret, timing: timing)
        }
        do {
            try await body(all)
        } catch {
            for process in all { await process.close() }
            throw error
        }
        for process in all { await process.close() }
    }

    /// Asks for a token as a job does: looks the account up first.
    func token(of name: String) async throws -> String {
        let account = try #require(try await accounts.find(name))
        return try await accounts.freshToken(of: account).reveal()
    }

    func token(of name: String, afterRefusalOf refused: String) async throws -> String {
        let account = try #require(try await accounts.find(name))
        let token = try #require(AccessToken(refused))
        return try await accounts.replaceToken(of: account, afterRefusalOf: token).reveal()
    }
}

/// Log lines as they come, from any thread.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock(\.self) }

    func add(_ bytes: [UInt8]) {
        lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
    }
}

extension TestBed {
    /// What a program needs to get new tokens.
    static let client = [
        "TIKTOK_CLIENT_KEY": "sandbox-client-key",
        "TIKTOK_CLIENT_SECRET": AccountsProcess.secret,
    ]

    /// The keys of `.env`.
    func fernet() throws -> Fernet {
        try Fernet(keys: [FernetKey(settings["CRYPTOGRAPHY_KEY"] ?? "")])
    }

    /// A column of an account as text.
    func stored(_ account: String, _ column: String) async throws -> String? {
        let rows = try await database.query(
            """
            SELECT (to_jsonb(a) ->> \(column)) AS value FROM tiktok_accounts a
            WHERE account = \(account)
            """
        )
        return try rows.first?.textIfAny("value")
    }

    /// A column that holds a token, opened.
    func openedToken(_ account: String, _ column: String = "access_token") async throws -> String {
        let sealed = try #require(try await stored(account, column))
        return try fernet().openText(sealed).reveal()
    }

    /// Lets an account's access token end so many seconds from now, by its row.
    func endToken(of account: String, inSeconds seconds: Double) async throws {
        try await database.execute(
            """
            UPDATE tiktok_accounts
            SET access_expires_at = now() + \(seconds)::float8 * interval '1 s'
            WHERE account = \(account)
            """
        )
    }

    /// Requests that the stand-in's token endpoint has had.
    var tokenRequests: Int { sandbox.report().requests[.token] ?? 0 }

    /// Waits until TikTok has been asked for tokens.
    func tokensAreAsked(_ count: Int = 1) async throws {
        try await waitUntil("\(count) requests for tokens") { tokenRequests >= count }
    }

    /// Whether TikTok takes a token.
    func takes(_ token: String) async throws -> Bool {
        let loop = EventLoop(name: "asking")
        let http = HTTPClient(on: loop)
        let api = TikTokAPI(base: try APIAddress(sandbox.url)) { request throws(HTTPError) in
            try await http.send(request)
        }
        let info = try? await api.userInfo(token: try #require(AccessToken(token)))
        await http.close()
        loop.stop()
        return info != nil
    }
}
