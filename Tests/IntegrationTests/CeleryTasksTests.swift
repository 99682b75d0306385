import EventLoop
import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Tasks as Celery's clients push them, through the program: rows, results, what follows.
@Suite(.timeLimit(.minutes(10)))
struct CeleryTasksTests {
    @Test func `a task is published, and its caller told`() async throws {
        try await TestBed.runTasks(["CELERY_RESULT_EXPIRES_SECONDS": "300"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker("w")
            let task = bed.task("t-1", video: video, headers: ["parent_id": "p", "group": "g"])

            try await bed.push(task)
            let result = try await bed.result("t-1", becomes: "SUCCESS", worker: worker)
            let row = try await bed.end(of: "t-1", worker: worker)

            bed.expectPosted(row, video)
            #expect(row.source == "celery" && row.queue == bed.queue)
            let told = result["result"]
            #expect(told?["job_id"] == "t-1" && told?["account"] == "mira")
            #expect(told?["status"] == "published")
            #expect(told?["publish_id"]?.string == row.publishID)
            #expect(told?["post_ids"] == .array(row.postIDs.map { .string($0) }))
            #expect(told?["share_url"]?.string == row.shareURL)
            #expect(told?["title"] == nil)
            #expect(result["task_id"] == "t-1" && result["traceback"] == .null)
            #expect(result["parent_id"] == "p" && result["group_id"] == "g")
            #expect(result["children"] == [])
            let left = try await bed.redis.send(["TTL", "celery-task-meta-t-1"]).integer ?? -1
            #expect((1...300).contains(left))
            try await bed.expectNothingLeft(worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    @Test(arguments: [true, false])
    func `every state is announced in its order, the end last`(isTracked: Bool) async throws {
        let settings = [
            "CHUNK_BYTES": "5242880", "CELERY_TRACK_STARTED": isTracked ? "on" : "off",
        ]
        try await TestBed.runTasks(settings) { bed in
            try await bed.connect("mira")
            bed.sandbox.fault(.videoInit, .refuse(status: 500, code: "internal_error"))
            let video = try bed.video("a.mp4", bytes: 11_000_000)
            let worker = try bed.startWorker()
            // Channels know no databases.
            let id = "t-" + bed.schema
            let (states, steps) = try await announced(to: id, on: bed) {
                try await bed.push(bed.task(id, video: video))
            }

            let expected = ["STARTED", "RETRY", "STARTED", "PROGRESS"]
                .filter { isTracked || $0 != "STARTED" }
            #expect(states.starts(with: expected), "\(states)")
            #expect(isTracked || !states.contains("STARTED"))
            #expect(steps.contains("uploading") && steps.contains("processing"), "\(steps)")
            try await bed.expectDrains(worker)
        }
    }

    /// What is announced to the caller of a task until its success, and what `info` says of it.
    private func announced(
        to id: String,
        on bed: TestBed,
        _ push: () async throws -> Void
    ) async throws -> (states: [String], steps: [String]) {
        let loop = EventLoop(name: "listener")
        defer { loop.stop() }
        let listener = RedisClient(try RedisAddress(bed.redisURL), on: loop, name: "listener")
        let messages = await listener.subscribe(to: "celery-task-meta-" + id, holding: 1000)
        try await waitUntil("a subscription") {
            let channel = RedisArgument.text("celery-task-meta-" + id)
            let answer = try await bed.redis.send(["PUBSUB", "NUMSUB", channel])
            return answer.array?.last?.integer == 1
        }
        try await push()
        var states: [String] = []
        var steps: [String] = []
        for await message in messages {
            let document = try JSONValue(parsing: message)
            #expect(document["task_id"] == .string(id))
            states.append(document["status"]?.string ?? "")
            if let step = document["result"]?["status"]?.string { steps.append(step) }
            if states.last == "SUCCESS" { break }
        }
        await listener.close()
        return (states, steps)
    }

    @Test func `a failure reaches the caller with what can be done, and fails the rest`()
        async throws
    {
        try await TestBed.runTasks { bed in
            let video = try bed.video("a.mp4", bytes: 1000)
            let worker = try bed.startWorker()
            let embed: [String: JSONValue] = [
                "callbacks": [bed.signature("link")],
                "errbacks": [bed.signature("broke", ["task_id": "e-1"])],
                "chain": [
                    bed.signature("last", ["task_id": "c-2"]),
                    bed.signature("next", ["task_id": "c-1"]),
                ],
            ]

            try await bed.push(bed.task("t-1", account: "nobody", video: video, embed: embed))
            let result = try await bed.result("t-1", becomes: "FAILURE", worker: worker)
            try await bed.awaitDead(1)

            let row = try await bed.end(of: "t-1", worker: worker)
            #expect(result["result"]?["exc_type"] == "PublishFailed")
            #expect(result["result"]?["exc_module"] == "tiktok_publisher")
            let arguments: JSONValue = [
                "account_unknown", .text(row.errorMessage), "upstream", .text(row.errorAction),
            ]
            #expect(result["result"]?["exc_message"] == arguments)
            let followed = try await bed.followed()
            #expect(followed.map(\.task) == ["broke"] && followed.first?.id == "e-1")
            #expect(followed.first?.arguments == ["t-1", 5])
            #expect(result["children"] == [[["e-1", .null], .null]])
            for later in ["c-1", "c-2"] {
                let document = try #require(try await bed.result(later))
                #expect(document["status"] == "FAILURE" && document["task_id"] == .string(later))
                #expect(document["result"] == result["result"])
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `callbacks and the next step of a chain get the result`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let last = bed.signature("last", ["task_id": "c-2"])
            let embed: [String: JSONValue] = [
                "callbacks": [bed.signature("link")],
                "errbacks": [bed.signature("broke")],
                "chain": [last, bed.signature("next", ["task_id": "c-1", "priority": 9])],
            ]

            let task = bed.task("t-1", video: video, embed: embed, headers: ["ignore_result": true])
            try await bed.push(task)
            let row = try await bed.end(of: "t-1", worker: worker)
            try await bed.expectNothingLeft(worker: worker)

            #expect(try await bed.result("t-1") == nil)
            let followed = try await bed.followed()
            #expect(followed.map(\.task) == ["link"])
            #expect(followed.first?.arguments.array?.first?["publish_id"]?.string == row.publishID)
            let urgent = RedisArgument.text(bed.followers + "\u{06}\u{16}9")
            let next = try await bed.redis.send(["RPOP", urgent]).bytes ?? []
            let message = try JSONValue(parsing: next)
            #expect(message["headers"]?["id"] == "c-1" && message["headers"]?["parent_id"] == "t-1")
            try await bed.expectDrains(worker)
        }
    }

    // MARK: What is not run

    @Test func `what is not understood is a dead letter, and its caller is told`() async throws {
        try await TestBed.runTasks { bed in
            let worker = try bed.startWorker()
            var pickled = TestBed.message("t-2", [:]).object ?? [:]
            pickled["content-type"] = "application/x-python-serialize"
            let mail: [String: JSONValue] = ["task": "send_mail"]

            try await bed.push(
                TestBed.message("t-1", [:], headers: mail),
                .object(pickled),
                TestBed.message("t-3", ["account": "mira"]),
                TestBed.message("t-4", 7)
            )
            let results = [
                try await bed.result("t-1", becomes: "FAILURE", worker: worker),
                try await bed.result("t-2", becomes: "FAILURE", worker: worker),
                try await bed.result("t-3", becomes: "FAILURE", worker: worker),
                try await bed.result("t-4", becomes: "FAILURE", worker: worker),
            ]

            #expect(
                results.map { $0["result"]?["exc_type"]?.string } == [
                    "NotRegistered", "ContentDisallowed", "PublishFailed", "InvalidTaskError",
                ]
            )
            #expect(results[2]["result"]?["exc_message"]?.array?.first == "document_invalid")
            try await bed.awaitDead(4)
            #expect(try await bed.row("t-1") == nil)
            for id in ["t-2", "t-3", "t-4"] {
                let row = try #require(try await bed.row(id))
                #expect(row.status == .rejected && row.source == "celery")
            }
            let dead = try await bed.run("dead", "list", "--json")
            for id in ["t-1", "t-2", "t-3", "t-4"] { #expect(dead.out.contains("\"\(id)\"")) }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a task of protocol 1 is published`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let document = bed.job("job-1", account: "mira", video: video.name)
            let body: JSONValue = [
                "task": "publish_post_task", "id": "t-1", "args": [document], "kwargs": [:],
                "retries": 0, "eta": .null, "expires": .null, "callbacks": .null,
                "errbacks": .null, "taskset": .null, "chord": .null,
            ]

            try await bed.push([
                "body": .string(body.encodedText), "content-encoding": "utf-8",
                "content-type": "application/json", "headers": [:],
                "properties": ["correlation_id": "t-1", "body_encoding": .null],
            ])
            let result = try await bed.result("t-1", becomes: "SUCCESS", worker: worker)

            #expect(result["result"]?["job_id"] == "job-1")
            bed.expectPosted(try await bed.end(of: "job-1"), video)
            try await bed.expectDrains(worker)
        }
    }
}
