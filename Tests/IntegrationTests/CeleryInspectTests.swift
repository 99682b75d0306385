import Foundation
import JSON
import PrivateServers
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `celery status` and `celery inspect`, the real ones, before this worker.
@Suite(.timeLimit(.minutes(15)))
struct CeleryInspectTests {
    @Test(.needs(.newest))
    func `Celery's own commands show the worker`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()
            let commands = [
                ["status"], ["inspect", "ping"], ["inspect", "active"], ["inspect", "reserved"],
                ["inspect", "scheduled"], ["inspect", "registered"], ["inspect", "stats"],
                ["inspect", "conf"], ["inspect", "active_queues"], ["inspect", "report"],
                ["inspect", "query_task", "no-such-task"], ["inspect", "revoked"],
                ["inspect", "clock"],
            ]
            let results = try await withThrowingTaskGroup { group in
                for command in commands {
                    let program = ["-m", "celery", "-A", "upstream"]
                    group.addTask {
                        (command, try await bed.startPython(program + command).waitForExit())
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (command, result) in results {
                #expect(result.code == 0, "\(command): \(result)")
                #expect(result.out.contains("\(TestBed.node): OK"), "\(command): \(result)")
                #expect(result.out.contains("1 node online"), "\(command): \(result)")
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `inspect tells what the worker is, without secrets`(release: CeleryRelease) async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()

            let said = try await bed.script(
                """
                inspect = app.control.inspect(destination=[sys.argv[1]], timeout=20)
                for name in "ping", "registered", "stats", "conf", "active_queues", "report":
                    say(getattr(inspect, name)()[sys.argv[1]])
                say(app.control.ping(destination=[sys.argv[1]], timeout=20))
                """,
                TestBed.node,
                with: release
            )

            try #require(said.count == 7)
            #expect(said[0] == ["ok": "pong"])
            #expect(said[1] == ["publish_post_task"])
            #expect(said[2]["pid"] == .integer(Int64(worker.pid)))
            #expect(said[2]["pool"]?["max-concurrency"] == 256)
            #expect(said[2]["broker"]?["hostname"] == "127.0.0.1")
            #expect(said[3]["broker_url"]?.string?.hasPrefix("redis://…@127.0.0.1:") == true)
            #expect(said[4].array?.first?["name"] == .string(bed.queue))
            #expect(said[5]["ok"]?.string?.contains("tiktok-publisher") == true)
            #expect(said[6] == [[TestBed.node: ["ok": "pong"]]])
            let everything = said.map(\.encodedText).joined()
            for secret in [bed.servers.redis.password, bed.settings["CRYPTOGRAPHY_KEY"] ?? "?"] {
                #expect(!everything.contains(secret))
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `inspect shows what is in hand, what waits and what is on a timer`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            bed.sandbox.fault(.upload, .hangBefore)
            let worker = try await bed.startCeleryWorker()
            try await bed.callTask("now", video: video)
            try await bed.hits(of: .upload, worker: worker)
            try await bed.callTask("later", video: video, "countdown=3600")
            _ = try await bed.row("later", "waits", worker: worker) {
                $0.waitingFor == "schedule"
            }

            let active = try await bed.inspect("active()")
            let safe = try await bed.inspect("active(safe=True)")
            let scheduled = try await bed.inspect("scheduled()")
            let asked = try await bed.inspect("query_task('now', 'later', 'nobody')")
            let stats = try await bed.inspect("stats()")

            #expect(active.array?.count == 1)
            let task = try #require(active.array?.first)
            #expect(task["id"] == "now" && task["name"] == "publish_post_task")
            #expect(task["kwargs"]?["video"] == "v.mp4")
            #expect(task["hostname"] == .string(TestBed.node))
            #expect(task["worker_pid"] == .integer(Int64(worker.pid)))
            #expect(task["delivery_info"]?["routing_key"] == .string(bed.queue))
            #expect(safe.array?.first?["kwargs"]?.string?.contains("'video': 'v.mp4'") == true)
            #expect(scheduled.array?.count == 1)
            let timer = try #require(scheduled.array?.first)
            #expect(timer["request"]?["id"] == "later")
            let eta = try #require(timer["eta"]?.string.flatMap { InternetTime.read($0) })
            #expect((3000...3700).contains(eta.timeIntervalSinceNow))
            #expect(asked.object?.count == 2)
            #expect(asked["now"]?.array?.first == "active")
            #expect(asked["later"]?.array?.first == "scheduled")
            #expect(stats["total"]?["publish_post_task"] == 2)
            await worker.kill()
        }
    }
}
