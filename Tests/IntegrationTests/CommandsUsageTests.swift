import Crypto
import Foundation
import Sandbox
import Support
import Testing

/// What the shell sees before a command has done anything: help, usage and settings.
@Suite(.timeLimit(.minutes(10)))
struct CommandsUsageTests {
    static let commands = [
        "work", "enqueue", "history", "queues", "workers", "jobs", "dead", "pause", "resume",
        "limits", "accounts", "keys", "migrate", "doctor", "demo",
    ]

    @Test func `every command explains itself`() async throws {
        try await TestBed.run { bed in
            let overview = try await bed.run("--help")
            #expect(overview.code == 0)
            for command in Self.commands {
                #expect(overview.out.contains("\n  \(command) "), "\(overview)")
                let help = try await bed.run(command, "--help")
                #expect(help.code == 0)
                #expect(help.out.hasPrefix("usage: tiktok-publisher \(command) "), "\(help)")
                #expect(help.err.isEmpty)
            }
        }
    }

    @Test(arguments: [
        [], ["publish"], ["\u{1B}[2J"], ["history", "--nonsense"], ["history", "--status"],
        ["history", "--status", "gone"], ["history", "--since", "yesterday"],
        ["history", "one", "two"], ["work", "now"], ["enqueue", "a", "b"], ["keys"],
        ["keys", "old"], ["accounts"], ["accounts", "drop"], ["accounts", "show"],
        ["accounts", "list", "--json=yes"], ["migrate", "--down"], ["doctor", "--fix"],
        ["demo", "--clip"], ["queues", "all"], ["workers", "--kill"], ["jobs"], ["jobs", "show"],
        ["jobs", "stop", "a"], ["jobs", "show", "no spaces"], ["dead"], ["dead", "bury"],
        ["dead", "retry"], ["dead", "purge", "--limit", "3"], ["dead", "list", "--limit", "0"],
        ["dead", "list", "--limit", "many"], ["dead", "purge", "a", "--in-doubt"],
        ["dead", "retry", "--all", "--in-doubt"], ["pause"], ["resume"],
        ["pause", "--queue", "a", "--account", "b"], ["pause", "--account", "no spaces"],
        ["pause", "--queue", ""], ["pause", "--queue", "a", "--for", "soon"],
        ["pause", "--queue", "a", "--for", "0s"], ["pause", "--queue", "a", "--for", "367d"],
        ["pause", "--queue", "a", "--for", "-5m"], ["pause", "--queue", "a", "--reason", ""],
        ["pause", "--queue", "a", "--reason", String(repeating: "x", count: 501)],
        ["resume", "--queue", "a", "--account", "b"], ["limits"], ["limits", "a", "b"],
    ])
    func `a command line that makes no sense ends with 2`(arguments: [String]) async throws {
        try await TestBed.run { bed in
            let result = try await bed.start(arguments).waitForExit()

            #expect(result.code == 2, "\(result)")
            #expect(!(result.out + result.err).isEmpty)
            #expect(!result.err.contains("\u{1B}"))
        }
    }

    @Test func `all problems of the settings are told at once, and no secret`() async throws {
        try await TestBed.run { bed in
            let problems = [
                "REDIS_URL": "redis://:hunter2secret@127.0.0.1:notaport",
                "DATABASE_URL": "mysql://me:hunter2secret@127.0.0.1/db",
                "CRYPTOGRAPHY_KEY": "hunter2secret,hunter3secret",
                "QUEUES": "a,a", "CONCURRENCY": "0", "LEASE_SECONDS": "2", "MAX_ATTEMPTS": "many",
                "RETRY_BASE_SECONDS": "-1", "SHUTDOWN_GRACE_SECONDS": "1.5",
                "TIKTOK_API_URL": "http://example.com", "TIKTOK_UPLOAD_HOSTS": "http://example.com",
                "MEDIA_ROOT": bed.folder + "/no-such-folder", "CHUNK_BYTES": "5242879",
                "DAILY_POST_LIMIT": "fifteen", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml",
                "CELERY_EVENTS": "maybe", "HTTP_ADDRESS": "everywhere",
                "STATUS_DEADLINE_SECONDS": "1", "WORKER_NAME": "two words",
            ]
            for command in [["work"], ["doctor"], ["history"], ["accounts", "list"]] {
                let result = try await bed.start(command, environment: problems).waitForExit()

                #expect(result.code == 78, "\(command)")
                #expect(result.out.isEmpty)
                let lines = result.err.split(separator: "\n")
                for name in problems.keys {
                    let line = lines.first { $0.hasPrefix("\(name): ") }
                    #expect((line?.count ?? 0) > name.count + 10, "\(name) in \(result.err)")
                }
                #expect(result.err.contains("from 5242880 to 32000000"))
                #expect(!result.err.contains("hunter"))
            }
        }
    }

    @Test func `settings that are required are asked for by name`() async throws {
        try await TestBed.run { bed in
            let empty = ["DATABASE_URL": "", "CRYPTOGRAPHY_KEY": ""]
            let result = try await bed.start(["work"], environment: empty).waitForExit()

            #expect(result.code == 78)
            #expect(result.err.contains("DATABASE_URL: is required"))
            #expect(result.err.contains("CRYPTOGRAPHY_KEY: is required"))
        }
    }

    @Test func `the environment wins over the file, and the option names another`() async throws {
        try await TestBed.run { bed in
            let other = bed.folder + "/other.env"
            try TestBed.write(
                bed.settings.merging(["TIKTOK_API_URL": "http://127.0.0.1:9"]) { $1 },
                to: other
            )

            let own = try await bed.run("doctor")
            let named = try await bed.run("doctor", "--env-file", other)
            let both = try await bed.run(
                "doctor",
                "--env-file=\(other)",
                environment: ["TIKTOK_API_URL": bed.sandbox.url]
            )

            #expect(own.code == 0, "\(own)")
            #expect(named.code == 1)
            #expect(named.out.contains("http://127.0.0.1:9"))
            #expect(both.code == 0, "\(both)")
        }
    }

    @Test func `a settings file that is missing or broken ends with 78`() async throws {
        try await TestBed.run { bed in
            let broken = bed.folder + "/broken.env"
            try Data("# fine\nexport A=1\nhunter2secret\n".utf8).write(to: URL(filePath: broken))

            let missing = try await bed.run("doctor", "--env-file", bed.folder + "/none.env")
            let unreadable = try await bed.run("doctor", "--env-file", broken)

            #expect(missing.code == 78, "\(missing)")
            #expect(missing.err.contains("none.env"))
            #expect(unreadable.code == 78, "\(unreadable)")
            #expect(unreadable.err.contains("line 3"))
            #expect(!unreadable.err.contains("hunter2secret"))
        }
    }

    @Test func `a secret may come from a file, but not from two places`() async throws {
        try await TestBed.run { bed in
            let path = bed.folder + "/key"
            let key = try #require(bed.settings["CRYPTOGRAPHY_KEY"])
            try Data((key + "\n").utf8).write(to: URL(filePath: path))
            let fromFile = ["CRYPTOGRAPHY_KEY": "", "CRYPTOGRAPHY_KEY_FILE": path]

            let good = try await bed.run("doctor", environment: fromFile)
            let both = try await bed.run("doctor", environment: ["CRYPTOGRAPHY_KEY_FILE": path])
            let gone = try await bed.run(
                "doctor",
                environment: fromFile.merging(["CRYPTOGRAPHY_KEY_FILE": path + "-no"]) { $1 }
            )

            #expect(good.code == 0, "\(good)")
            for result in [both, gone] {
                #expect(result.code == 78)
                #expect(result.err.contains("CRYPTOGRAPHY_KEY: "))
                #expect(!result.err.contains(key))
            }
        }
    }

    @Test func `a setting that looks misspelt is warned about`() async throws {
        try await TestBed.run { bed in
            let result = try await bed.run("doctor", environment: ["REDIS_ULR": "hunter2secret"])

            #expect(result.code == 0, "\(result)")
            #expect(result.err.contains("REDIS_ULR"))
            #expect(result.err.contains("did you mean REDIS_URL?"))
            #expect(!result.err.contains("hunter2secret"))
        }
    }

    @Test func `new keys are good and never the same`() async throws {
        try await TestBed.run { bed in
            let nothing = ["DATABASE_URL": "", "CRYPTOGRAPHY_KEY": ""]
            let first = try await bed.run("keys", "new", environment: nothing)
            let second = try await bed.run("keys", "new", environment: nothing)

            for result in [first, second] {
                #expect(result.code == 0)
                #expect(result.out.count == 45)
                _ = try FernetKey(result.out)
            }
            #expect(first.out != second.out)
        }
    }
}
