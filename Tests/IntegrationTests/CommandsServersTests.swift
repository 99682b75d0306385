import Foundation
import JSON
import PrivateServers
import Processes
import Sandbox
import Support
import Testing

/// `migrate` and `doctor`, with good servers and bad ones, and a worker that may not start.
@Suite(.timeLimit(.minutes(10)))
struct CommandsServersTests {
    @Test func `a schema is made once, and a worker waits for nothing less`() async throws {
        try await TestBed.run { bed in
            let fresh = ["DATABASE_SCHEMA": "\(bed.schema) \"new\""]

            let before = try await bed.run("migrate", "--status", environment: fresh)
            let work = try await bed.run("work", environment: fresh)
            let doctor = try await bed.run("doctor", environment: fresh)
            let first = try await bed.run("migrate", environment: fresh)
            let again = try await bed.run("migrate", environment: fresh)
            let after = try await bed.run("migrate", "--status", environment: fresh)
            let json = try await bed.run("migrate", "--status", "--json", environment: fresh)
            let healthy = try await bed.run("doctor", environment: fresh)

            #expect(before.code == 1)
            #expect(before.out.contains("version 0"))
            #expect(work.code == 1, "\(work)")
            #expect(work.err.contains("tiktok-publisher migrate"))
            #expect(doctor.code == 1)
            #expect(doctor.out.contains("run `tiktok-publisher migrate`"))
            #expect(first.code == 0, "\(first)")
            #expect(first.out.contains("applied V1 schema"))
            #expect(again.code == 0)
            #expect(again.out == "up to date\n")
            #expect(after.code == 0)
            let status = try JSONValue(parsing: Array(json.out.utf8))
            #expect(status["version"] == status["needed"])
            #expect(healthy.code == 0, "\(healthy)")
        }
    }

    @Test func `of two migrations at once one does the work`() async throws {
        try await TestBed.run { bed in
            let fresh = ["DATABASE_SCHEMA": bed.schema + "-twice"]
            let both = try (0..<2).map { _ in try bed.start(["migrate"], environment: fresh) }

            let results = try await [both[0].waitForExit(), both[1].waitForExit()]

            #expect(results.map(\.code) == [0, 0], "\(results)")
            #expect(Set(results.map(\.out)).count == 2)
        }
    }

    @Test func `the migrations can be printed without any setting`() async throws {
        try await TestBed.run { bed in
            let nothing = ["DATABASE_URL": "", "CRYPTOGRAPHY_KEY": ""]
            let result = try await bed.run("migrate", "--print", environment: nothing)

            #expect(result.code == 0)
            for name in ["publish_history", "publish_events", "tiktok_accounts"] {
                #expect(result.out.contains("CREATE TABLE \(name)"))
            }
        }
    }

    @Test func `the doctor finds nothing wrong where nothing is`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            try await bed.connect("mira")

            let text = try await bed.run("doctor")
            let json = try await bed.run("doctor", "--json")

            #expect(text.code == 0, "\(text)")
            let subjects = [
                "settings", "redis", "redis aof", "redis memory", "redis clock", "postgres",
                "schema", "keys", "accounts", "tiktok", "media", "webhooks",
            ]
            let lines = text.out.split(separator: "\n")
            for subject in subjects {
                #expect(lines.contains { $0.hasPrefix("ok      \(subject) ") }, "\(text)")
            }
            #expect(json.code == 0)
            let findings = try json.out.split(separator: "\n").map { line in
                try JSONValue(parsing: Array(line.utf8))
            }
            #expect(findings.allSatisfy { $0["verdict"] == "ok" })
            let found = findings.compactMap { $0["subject"]?.string }
            #expect(Set(found).isSuperset(of: subjects))
        }
    }

    @Test func `the doctor knows who listens for webhooks`() async throws {
        try await TestBed.run(TestBed.client) { bed in
            let off = try await bed.run("doctor")
            #expect(off.out.contains("ok      webhooks      off"), "\(off)")

            // A port that is free a moment later, unless somebody else takes it.
            let address = ["WEBHOOK_ADDRESS": "127.0.0.1:\(try Loopback.freePort())"]
            let free = try await bed.run("doctor", environment: address)
            #expect(free.code == 0 && free.out.contains("free for the next worker"), "\(free)")
            let bare = ["TIKTOK_CLIENT_KEY": ""].merging(address) { $1 }
            let unset = try await bed.run("doctor", environment: bare)
            #expect(unset.code == 78 && unset.err.contains("TIKTOK_CLIENT_KEY"), "\(unset)")

            let worker = try bed.startWorker(environment: address)
            _ = try await worker.webhookPort()
            let taken = try await bed.run("doctor", environment: address)
            #expect(taken.code == 0 && taken.out.contains("a worker listens at"), "\(taken)")
            try await bed.expectDrains(worker)

            let other = ["WEBHOOK_ADDRESS": String(bed.sandbox.url.dropFirst("http://".count))]
            let wrong = try await bed.run("doctor", environment: other)
            #expect(wrong.code == 1 && wrong.out.contains("another program listens"), "\(wrong)")
        }
    }

    /// A setting that is wrong, and what the doctor's line about it must say.
    static let ills = [
        ("redis", ["REDIS_URL": "redis://:hunter2secret@127.0.0.1:9/0"], "check REDIS_URL"),
        (
            "postgres",
            ["DATABASE_URL": "postgresql://me:hunter2secret@127.0.0.1:9/db"],
            "check DATABASE_URL"
        ),
        ("tiktok", ["TIKTOK_API_URL": "http://127.0.0.1:9"], "TIKTOK_API_URL"),
        (
            "keys",
            ["CRYPTOGRAPHY_KEY": "h5Tq0wPqpTQMTWhGkDkQGvhUwWCsdyXkGmdsZYCSzkQ="],
            "CRYPTOGRAPHY_KEY"
        ),
    ]

    @Test func `the doctor says what is wrong and what to do`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")

            let doctors = try Self.ills.map { try bed.start(["doctor"], environment: $0.1) }

            for ((subject, _, remedy), doctor) in zip(Self.ills, doctors) {
                let result = try await doctor.waitForExit()
                #expect(result.code == 1, "\(result)")
                let line = result.out.split(separator: "\n").first {
                    $0.hasPrefix("wrong   \(subject)")
                }
                #expect(line?.contains(remedy) == true, "\(result)")
                #expect(!result.description.contains("hunter2secret"))
            }
        }
    }

    @Test func `a worker waits for servers that are away at the start, and says so`() async throws {
        try await TestBed.run(hasOwnServers: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("small.mp4", bytes: 100_000)
            await bed.servers.redis.stop()
            await bed.servers.postgres.stop()
            let worker = try bed.startWorker()
            try await worker.awaitAway("postgres")

            try await bed.servers.postgres.restart()
            try await worker.awaitAway("redis")
            try await bed.servers.redis.restart()
            try await bed.push(bed.job("patient", account: "mira", video: video.name))

            bed.expectPosted(try await bed.end(of: "patient", worker: worker), video)
            try await worker.expectOneOutage(of: "postgres", "redis")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a worker that waits for its database can be told to stop`() async throws {
        try await TestBed.run { bed in
            let nowhere = "postgresql://me:hunter2secret@127.0.0.1:9/db"
            let worker = try bed.startWorker(environment: ["DATABASE_URL": nowhere])
            try await worker.awaitAway("postgres")

            let result = try await worker.drain()

            #expect(result.exit == .exited(code: 0), "\(result)")
            #expect(!result.description.contains("hunter2secret"))
        }
    }

    @Test func `a worker that its database turns away ends and says why`() async throws {
        try await TestBed.run { bed in
            let port = bed.servers.postgres.port
            let result = try await bed.run(
                "work",
                environment: [
                    "DATABASE_URL":
                        "postgresql://publisher:hunter2secret@127.0.0.1:\(port)/postgres"
                ]
            )

            #expect(result.code == 1, "\(result)")
            #expect(result.err.contains("PostgreSQL"))
            #expect(!result.description.contains("hunter2secret"))
        }
    }
}
