import Crypto
import Foundation
import Glibc
import HTTP
import Postgres
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// `accounts authorize`: consent asked, answered and exchanged, and every answer but the right one
/// refused.
@Suite(.timeLimit(.minutes(10)))
struct AccountsAuthorizeTests {
    static let web = ["TIKTOK_REDIRECT_URI": "https://example.org/tiktok/answer"]
        .merging(TestBed.client) { $1 }
    static let desktop = ["TIKTOK_REDIRECT_URI": "http://127.0.0.1:*/answer"]
        .merging(TestBed.client) { $1 }

    @Test func `a web app's answer is pasted, and the account is connected`() async throws {
        try await TestBed.run(Self.web) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            #expect(scene.parameters["code_challenge"] == nil)
            #expect(scene.parameters["client_key"] == "sandbox-client-key")
            #expect(scene.parameters["scope"] == Scopes.asked.joined(separator: ","))
            #expect((scene.parameters["state"]?.count ?? 0) >= 43)

            scene.agree("mira")
            scene.paste("\(scene.redirect)?code=code-1&scopes=video.publish&state=\(scene.state)")
            let result = try await scene.end()

            #expect(result.code == 0, "\(result)")
            #expect(result.out.contains("connected as @mira"))
            #expect(!result.description.contains("code-1"))
            #expect(try await bed.takes(bed.openedToken("mira")))
            #expect(try await bed.stored("mira", "open_id") == "-000-mira")
            #expect(try await bed.stored("mira", "status") == "active")
            #expect(try await bed.stored("mira", "refreshed_at") != nil)
            #expect(bed.sandbox.report().violations.isEmpty)
        }
    }

    @Test func `a desktop app's answer comes to the listener, with PKCE`() async throws {
        try await TestBed.run(Self.desktop) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            #expect(scene.parameters["code_challenge"]?.count == 64)
            #expect(scene.parameters["code_challenge_method"] == "S256")
            scene.agree("mira")

            // Neither another path, nor a forged state, nor a repeated name ends the wait.
            for (path, status) in [
                ("/", 404), ("/answer", 400), ("/answer?code=code-1&state=forged", 400),
                ("/answer?code=code-1&state=\(scene.state)&state=\(scene.state)", 400),
            ] {
                #expect(try await scene.visit(path) == status, "\(path)")
            }
            #expect(try await scene.visit("/answer?code=code-1&state=\(scene.state)") == 200)
            let result = try await scene.end()

            #expect(result.code == 0, "\(result)")
            #expect(try await bed.takes(bed.openedToken("mira")))
            #expect(bed.tokenRequests == 1)
        }
    }

    static let refused: [(String, String)] = [
        ("?code=code-1&state=forged", "state"),
        ("?code=code-1", "state"),
        ("?error=access_denied&error_description=no%1B%5B2J&state=STATE", "did not agree"),
        ("?state=STATE", "no code"),
        ("", "redirect address"),
        ("/elsewhere?code=code-1&state=STATE", "redirect address"),
        ("?code=code-1&state=STATE&code=code-2", "cannot be read"),
        ("?code=%zz&state=STATE", "cannot be read"),
    ]

    @Test(arguments: refused)
    func `another answer than the right one is refused`(answer: String, words: String)
        async throws
    {
        try await TestBed.run(Self.web) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            scene.agree("mira")

            scene.paste(scene.redirect + answer.replacing("STATE", with: scene.state))
            let result = try await scene.end()

            #expect(result.code == 1, "\(result)")
            #expect(result.err.contains(words), "\(result)")
            #expect(!result.err.contains("\u{1B}"))
            #expect(bed.tokenRequests == 0)
            #expect(try await bed.accounts.all().isEmpty)
        }
    }

    @Test func `a code of another challenge brings no tokens`() async throws {
        try await TestBed.run(Self.desktop) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira", "--paste"])
            scene.agree("mira", challenge: String(repeating: "a", count: 64))

            scene.paste("\(scene.redirect)?code=code-1&state=\(scene.state)")
            let result = try await scene.end()

            #expect(result.code == 1)
            #expect(result.err.contains("invalid_request"))
            #expect(try await bed.accounts.all().isEmpty)
        }
    }

    @Test func `a consent without any posting permission is not stored`() async throws {
        try await TestBed.run(Self.web) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            scene.agree("mira", scopes: ["user.info.basic"])

            scene.paste("\(scene.redirect)?code=code-1&state=\(scene.state)")
            let result = try await scene.end()

            #expect(result.code == 1)
            #expect(result.err.contains("neither video.publish nor video.upload"))
            #expect(try await bed.accounts.all().isEmpty)
        }
    }

    @Test func `missing permissions are said with what they cost`() async throws {
        try await TestBed.run(Self.web) { bed in
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            scene.agree("mira", scopes: ["user.info.basic", "video.upload"])

            scene.paste("\(scene.redirect)?code=code-1&state=\(scene.state)")
            let result = try await scene.end()
            let check = try await bed.run("accounts", "check", "mira")

            #expect(result.code == 0, "\(result)")
            #expect(result.err.contains("video.publish is missing: direct posts are refused"))
            #expect(check.code == 0, "\(check)")
            #expect(check.out.contains("video.publish is missing"))
        }
    }

    @Test func `another TikTok user does not take an account's name`() async throws {
        try await TestBed.run(Self.web) { bed in
            try await bed.connect("mira")
            let before = try await bed.stored("mira", "access_token")
            let scene = try await ConsentScene(bed, ["accounts", "authorize", "mira"])
            scene.agree("nora")

            scene.paste("\(scene.redirect)?code=code-1&state=\(scene.state)")
            let result = try await scene.end()

            #expect(result.code == 1)
            #expect(result.err.contains("another TikTok user"))
            #expect(try await bed.stored("mira", "access_token") == before)
        }
    }

    @Test func `settings that are missing are named`() async throws {
        try await TestBed.run { bed in
            let result = try await bed.run("accounts", "authorize", "mira")

            #expect(result.code == 78)
            #expect(result.err.contains("TIKTOK_REDIRECT_URI"))
        }
    }
}

/// A running `accounts authorize`, with the test as browser and as owner.
struct ConsentScene {
    private let bed: TestBed
    private let program: RunningProgram
    /// Both ends of the pipe that is the program's standard input.
    private let pipe: CInt
    let parameters: [String: String]

    var state: String { parameters["state"] ?? "" }
    var redirect: String { parameters["redirect_uri"] ?? "" }

    /// Returns when the address is printed.
    init(_ bed: TestBed, _ arguments: [String]) async throws {
        self.bed = bed
        let path = "\(bed.folder)/answer-\(UInt64.random(in: 0 ... .max))"
        try #require(mkfifo(path, 0o600) == 0)
        // Open at both ends, so that neither side waits for the other.
        pipe = open(path, O_RDWR | O_CLOEXEC)
        try #require(pipe >= 0)
        let program = try RunningProgram(
            arguments,
            in: bed.folder,
            name: "authorize",
            input: .file(path)
        )
        self.program = program
        try await waitUntil("the consent address", state: { program.err }) {
            program.out.contains("/v2/auth/authorize/?") && program.out.contains("\n\n")
                || !program.isRunning
        }
        let line = program.out.split(separator: "\n").first { $0.hasPrefix("https://www.tiktok") }
        let address = try #require(line.flatMap { URLComponents(string: String($0)) })
        let pairs = (address.queryItems ?? []).map { ($0.name, $0.value ?? "") }
        parameters = Dictionary(pairs) { first, _ in first }
    }

    /// The owner agrees: `code-1` can be exchanged.
    func agree(_ name: String, scopes: [String]? = nil, challenge: String? = nil) {
        _ = bed.sandbox.addAccount(SandboxAccount(name))
        bed.sandbox.addCode(
            SandboxCode(
                "code-1",
                openID: "-000-\(name)",
                redirectURI: redirect,
                challenge: challenge ?? parameters["code_challenge"],
                scopes: scopes
            )
        )
    }

    func paste(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        #expect(write(pipe, bytes, bytes.count) == bytes.count)
    }

    /// What the browser gets at a path of the listener's.
    func visit(_ path: String) async throws -> Int {
        let port = try #require(URLComponents(string: redirect)?.port)
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let answer = await Loopback.ask(
            port: UInt16(port),
            Array("GET \(path) HTTP/1.1\r\nHost: \(url.host() ?? "")\r\n\r\n".utf8),
            answerBytes: 12
        )
        let status = String(decoding: answer ?? [], as: UTF8.self).split(separator: " ").last
        return Int(status ?? "") ?? 0
    }

    func end() async throws -> CommandResult {
        defer { close(pipe) }
        return try await program.waitForExit()
    }
}
