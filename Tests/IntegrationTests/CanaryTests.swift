import Crypto
import Files
import Foundation
import JSON
import PrivateServers
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Secrets and personal data that are easy to find, sent down every path: none of them may come
/// out where it does not belong.
@Suite(.timeLimit(.minutes(10)))
struct CanaryTests {
    @Test func `no secret and nobody's data comes out of any path`() async throws {
        try await TestBed.runPulled(CanaryScene.settings) { options in
            options.clientSecret = CanaryScene.clientSecret
        } _: { bed in
            let scene = try await CanaryScene(bed)
            let first = try bed.startWorker("first", environment: ["LOG_FORMAT": "json"])
            try await scene.pushAll()
            try await scene.ends(worker: first)
            let address = try await scene.pushHanging(worker: first)
            try Self.expectPrivate(first)
            await first.kill()

            let second = try bed.startWorker("second")
            #expect(try await bed.end(of: "killed", worker: second).status == .published)
            let texts = try await scene.outputs()
            try await bed.expectDrains(second)

            let tokens = [address, Self.token(in: address)]
            for worker in [first, second] {
                scene.expectNothing(in: worker.err, besides: tokens, "the log")
                Self.expectFollowable(worker.err)
            }
            let accounts = texts.first { $0.name == "accounts list" }?.text ?? ""
            try Self.expectExplained(first.err, by: accounts)
            for (name, text) in texts { scene.expectNoSecret(in: text, besides: tokens, name) }
            try await scene.expectStoredSafely(besides: tokens)
        }
    }

    @Test func `a setting that is refused, and a server that is away, tell no secret`()
        async throws
    {
        try await TestBed.run { bed in
            let redis = "127.0.0.1:\(bed.servers.redis.port)"
            let settings: [[String: String]] = [
                ["CRYPTOGRAPHY_KEY": "CANARY-key-that-is-none"],
                ["CRYPTOGRAPHY_KEYS": "CANARY-key"],
                ["DATABASE_URL": "postgresql://u:CANARY-password@127.0.0.1:1/x"],
                ["DATABASE_URL": "postgresql://u:CANARY-password@[/x"],
                ["DATABASE_URL": "mysql://u:CANARY-password@127.0.0.1/x"],
                ["REDIS_URL": "redis://:CANARY-password@127.0.0.1:1/0"],
                ["REDIS_URL": "redis://:CANARY-password@\(redis)/0"],
                ["REDIS_URL": "redis://:CANARY-password@127.0.0.1:x/0"],
                ["TIKTOK_CLIENT_KEY": "k", "TIKTOK_CLIENT_SECRET": "CANARY\u{7}secret"],
                ["CELERY_RESULT_URL": "redis://:CANARY-password@127.0.0.1:x/0"],
            ]
            for environment in settings {
                for command in ["doctor", "history", "queues"] {
                    let result = try await bed.run(command, environment: environment)
                    #expect(!result.description.contains("CANARY"), "\(environment) \(result)")
                }
            }
            for (server, setting) in [("postgres", settings[2]), ("redis", settings[5])] {
                let worker = try bed.startWorker(server, environment: setting)
                try await worker.awaitAway(server)
                await worker.kill()
                #expect(!worker.err.contains("CANARY"), "\(worker.err)")
            }
            let connection = #"{"access_token":"act.CANARY","refresh_token":7,"scopes":"CANARY"}"#
            let add = try await bed.run("accounts", "add", "mira", input: connection)
            #expect(add.code != 0 && !add.description.contains("CANARY"), "\(add)")
        }
    }

    /// What every command promises of its process: no secret among its arguments, which everybody
    /// on the machine may read, and no memory on the disk.
    private static func expectPrivate(_ program: RunningProgram) throws {
        let place = "/proc/\(program.pid)"
        let arguments = try String(contentsOfFile: place + "/cmdline", encoding: .utf8)
        #expect(arguments.hasSuffix("tiktok-publisher\0work\0"))
        let limits = try String(contentsOfFile: place + "/limits", encoding: .utf8)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        let words = core?.split(whereSeparator: \.isWhitespace) ?? []
        #expect(words.suffix(3) == ["0", "0", "bytes"], "\(core ?? "")")
    }

    @Test func `no command leaves its memory behind`() async throws {
        try await TestBed.run { bed in
            let follower = try bed.start(["history", "--follow"])
            let limits = "/proc/\(follower.pid)/limits"
            try await waitUntil("the limit") {
                let text = try String(contentsOfFile: limits, encoding: .utf8)
                return text.contains(#/Max core file size +0 +0 +bytes/#)
            }
            await follower.kill()
        }
    }

    private static func token(in address: String) -> String {
        address.split(separator: "upload_token=").last.map(String.init) ?? address
    }

    /// The log still says which job it was, and whose.
    private static func expectFollowable(_ log: String) {
        let turns = log.split(separator: "\n").filter { $0.contains("job.turn") }
        #expect(!turns.isEmpty)
        for turn in turns where !turn.contains("document_invalid") {
            #expect(turn.contains(/job\W{1,3}[a-z]+/))
            #expect(turn.contains(/account\W{1,3}[0-9a-f]{12}/))
        }
    }

    /// A refusal is found by TikTok's name for it, and its account by that in `accounts list`.
    private static func expectExplained(_ log: String, by accounts: String) throws {
        let lines = log.split(separator: "\n").filter { $0.contains(#""job":"banned""#) }
        let refusal = try #require(lines.first { $0.contains("banned_from_posting") })
        let line = try JSONValue(parsing: refusal.utf8)
        #expect(line["log_id"] == "L2")
        let tag = try #require(line["account"]?.string)
        let account = accounts.split(separator: "\n").first { $0.contains(tag) }
        #expect(account?.contains("CANARY-account-banned") == true, "\(tag)")
    }
}

/// A secret in the forms in which it could slip through.
enum Disguises {
    /// As it is, with escaped slashes, percent-encoded, hexadecimal, and in base64 wherever it
    /// stands in the encoded text.
    static func of(_ secret: String) -> [String] {
        let bytes = Array(secret.utf8)
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let percent = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret
        let base64 = (0..<3).flatMap { shift -> [String] in
            let text = Data([UInt8](repeating: 0, count: shift) + bytes).base64EncodedString()
            let whole = text.dropFirst((shift * 8 + 5) / 6)
                .prefix((shift + bytes.count) * 8 / 6 - (shift * 8 + 5) / 6)
            let forURLs = whole.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
            return [String(whole), String(forURLs)]
        }
        return [
            secret, secret.replacing("/", with: #"\/"#), percent, percent.lowercased(), digits,
            digits.uppercased(),
        ] + base64
    }
}
