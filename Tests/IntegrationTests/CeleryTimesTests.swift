import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Tasks that wait, are revoked, or come twice.
@Suite(.timeLimit(.minutes(10)))
struct CeleryTimesTests {
    @Test func `a task with an eta waits as a timer, and goes by itself`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            // Naive times are UTC.
            let eta = Date.now + 3
            let text = eta.formatted(Date.ISO8601FormatStyle()).replacing("Z", with: "")

            try await bed.push(bed.task("t-1", video: video, headers: ["eta": .string(text)]))
            let told = try await bed.result("t-1", becomes: "RECEIVED", worker: worker)
            let row = try await bed.end(of: "t-1", worker: worker)

            #expect(told["result"]?["waiting_for"] == "schedule")
            bed.expectPosted(row, video)
            #expect(try #require(row.startedAt) >= eta - 1)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a task that comes after its time is revoked as expired`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let embed: [String: JSONValue] = [
                "callbacks": [bed.signature("link")], "errbacks": [bed.signature("broke")],
                "chain": [bed.signature("next", ["task_id": "c-1"])],
            ]
            let late: [String: JSONValue] = ["expires": "2020-01-01T00:00:00+00:00"]

            try await bed.push(bed.task("t-1", video: video, embed: embed, headers: late))
            let result = try await bed.result("t-1", becomes: "REVOKED", worker: worker)

            #expect(result["result"]?["exc_type"] == "TaskRevokedError")
            #expect(result["result"]?["exc_message"] == ["expired"])
            #expect(try await bed.end(of: "t-1").status == .expired)
            try await bed.result("c-1", becomes: "REVOKED", worker: worker)
            try await bed.expectNothingLeft(worker: worker)
            #expect(try await bed.followed().isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a cancelled task is revoked`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()

            try await bed.push(
                bed.task("t-1", video: video, headers: ["eta": "2100-01-01T00:00:00"])
            )
            try await bed.result("t-1", becomes: "RECEIVED", worker: worker)
            let cancel = try await bed.run("jobs", "cancel", "t-1")

            #expect(cancel.code == 0)
            let result = try await bed.result("t-1", becomes: "REVOKED", worker: worker)
            #expect(result["result"]?["exc_message"] == ["revoked"])
            #expect(bed.sandbox.report().posts.isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    /// As Celery 5.7 keeps it when a caller revokes a task of which no worker knows.
    @Test func `a task whose state is revoked already is not run`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let revoked: JSONValue = [
                "status": "REVOKED", "task_id": "t-1",
                "result": ["exc_type": "TaskRevokedError", "exc_message": ["revoked"]],
            ]
            _ = try await bed.redis.send(
                ["SET", "celery-task-meta-t-1", .bytes(revoked.encoded)]
            )

            let worker = try bed.startWorker()
            try await bed.push(bed.task("t-1", video: video))
            let row = try await bed.end(of: "t-1", worker: worker)

            #expect(row.status == .cancelled && bed.sandbox.report().posts.isEmpty)
            try await bed.expectNothingLeft(worker: worker)
            #expect(try await bed.result("t-1")?["status"] == "REVOKED")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a success stands, whatever comes again`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let task = bed.task("t-1", video: video, embed: ["callbacks": [bed.signature("link")]])

            try await bed.push(task)
            let first = try await bed.result("t-1", becomes: "SUCCESS", worker: worker)
            try await bed.push(task)
            try await bed.push(TestBed.message("t-1", 7))
            try await bed.awaitDead(1)

            #expect(try await bed.result("t-1") == first)
            #expect(try await bed.followed().count == 1)
            #expect(bed.sandbox.report().posts.count == 1)
            try await bed.expectDrains(worker)
        }
    }

    // MARK: The same job under other tasks

    @Test func `a task that asks for a job that has ended is answered at once`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("job-1", account: "mira", video: video.name))
            bed.expectPosted(try await bed.end(of: "job-1", worker: worker), video)

            let again = bed.task(
                "t-2",
                video: video,
                ["id": "job-1"],
                embed: ["callbacks": [bed.signature("link")]]
            )
            try await bed.push(again)
            let result = try await bed.result("t-2", becomes: "SUCCESS", worker: worker)

            #expect(result["result"]?["job_id"] == "job-1")
            try await bed.expectNothingLeft(worker: worker)
            #expect(try await bed.followed().count == 1)
            #expect(bed.sandbox.report().posts.count == 1)
            #expect(try await bed.events(of: "job-1").last == "duplicate")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a task that asks for a job that goes on is answered when that ends`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            try await bed.push(
                bed.task(
                    "t-1",
                    video: video,
                    ["id": "job-1", "publish_at": "2100-01-01T00:00:00Z"]
                )
            )
            try await bed.result("t-1", becomes: "RECEIVED", worker: worker)

            try await bed.push(bed.task("t-2", video: video, ["id": "job-1"]))
            try await waitUntil("the second on a timer") {
                let timers = RedisArgument.text(bed.key("timers:" + bed.queue))
                return try await bed.redis.send(["ZCARD", timers]).integer == 2
            }
            #expect(try await bed.result("t-2") == nil)
            #expect(try await bed.run("jobs", "cancel", "job-1").code == 0)

            try await bed.result("t-1", becomes: "REVOKED", worker: worker)
            try await bed.result("t-2", becomes: "REVOKED", worker: worker)
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }
}
