import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `app.control`: what an operator does to a worker from Celery's side.
@Suite(.timeLimit(.minutes(15)))
struct CeleryControlTests {
    /// What the worker answers to `app.control.<call>`, which takes `destination` and `reply`.
    private func control(
        _ bed: TestBed,
        _ call: String,
        node: String = TestBed.node
    ) async throws -> JSONValue {
        let said = try await bed.script(
            """
            ask = dict(destination=[sys.argv[1]], reply=True, timeout=20)
            say(app.control.\(call))
            """,
            node
        )
        return try #require(said.first?.array?.first?[node])
    }

    @Test(.needs(.newest))
    func `what a worker cannot do is answered with what to do instead`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()
            let said = try await bed.script(
                """
                task, control = "publish_post_task", app.control
                ask = dict(destination=[sys.argv[1]], reply=True, timeout=20)
                for answer in [
                    control.rate_limit(task, "ten/m", **ask),
                    control.rate_limit(task, "10/d", **ask),
                    control.rate_limit("other", "10/m", **ask),
                    control.time_limit(task, soft=1, hard=2, **ask),
                    control.pool_grow(1, **ask), control.pool_shrink(1, **ask),
                    control.autoscale(1, 2, **ask),
                    control.broadcast("make_coffee", **ask),
                    control.add_consumer("other", **ask),
                    control.cancel_consumer("other", **ask),
                ]:
                    say(answer[0][sys.argv[1]]["error"])
                """,
                TestBed.node
            )

            let words = said.compactMap(\.string)
            let expected = [
                "Invalid rate limit string: ValueError(\"could not convert string", "KeyError('d')",
                "unknown task", "STATUS_DEADLINE_SECONDS", "CONCURRENCY",
                "CONCURRENCY", "CONCURRENCY", "KeyError('make_coffee')", bed.queue, bed.queue,
            ]
            try #require(words.count == expected.count, "\(said)")
            for (answer, part) in zip(words, expected) { #expect(answer.contains(part)) }
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `a queue is left alone until somebody adds it again`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()

            let cancelled = try await control(bed, "cancel_consumer('\(bed.queue)', **ask)")
            let queues = try await bed.inspect("active_queues()")
            try await bed.callTask("kept", video: video)
            // Whoever still slept on the list would have come and gone by then.
            let row = try await bed.row("kept")
            let waiting = try await bed.redis.send(["LLEN", .text(bed.queue)])
            let added = try await control(bed, "add_consumer('\(bed.queue)', **ask)")
            let end = try await bed.end(of: "kept", worker: worker)

            #expect(cancelled == ["ok": .string("no longer consuming from \(bed.queue)")])
            #expect(queues == [])
            #expect(row == nil)
            #expect(waiting == .integer(1))
            #expect(added == ["ok": .string("add consumer \(bed.queue)")])
            bed.expectPosted(end, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `shutdown drains the worker`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let other = try await bed.startCeleryWorker("other@test")
            let worker = try await bed.startCeleryWorker()
            try await waitUntil("both listen") {
                let answer = try await bed.redis.send(
                    ["PUBSUB", "NUMSUB", .text(bed.controlChannel)]
                )
                return answer.array?.last?.integer == 2
            }

            let result = try await bed.celery("control", "-d", TestBed.node, "shutdown")
            let end = try await worker.waitForExit()

            #expect(end.exit == .exited(code: 0), "\(result)\n\(end)")
            #expect(end.err.contains("worker.stop"))
            #expect(other.isRunning)
            try await bed.expectDrains(other)
        }
    }

    @Test(.needs(.newest))
    func `nobody is answered who did not ask this worker, or is gone`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()
            func ask(_ key: String, for nodes: JSONValue) async throws {
                let body: JSONValue = [
                    "method": "ping", "arguments": [:], "destination": nodes, "ticket": "t",
                    "reply_to": [
                        "exchange": "reply.celery.pidbox", "routing_key": .string(key),
                    ],
                ]
                try await publish(bed, body.encodedText)
            }
            for key in ["mine", "theirs"] {
                let member = CeleryKeys.binding(key, to: "\(key).reply.celery.pidbox")
                _ = try await bed.redis.send(
                    ["SADD", "_kombu.binding.reply.celery.pidbox", .text(member)]
                )
            }

            try await ask("gone", for: .null)
            try await ask("theirs", for: ["other@test"])
            // Requests are answered in turn: with this one's answer the others have had theirs.
            try await ask("mine", for: [.string(TestBed.node)])
            try await waitUntil("the answer", state: { worker.err }) {
                try await bed.redis.send(["LLEN", "mine.reply.celery.pidbox"]) == .integer(1)
            }

            for key in ["gone", "theirs"] {
                let list = "\(key).reply.celery.pidbox"
                #expect(try await bed.redis.send(["EXISTS", .text(list)]) == .integer(0))
            }
            let life = try await bed.redis.send(["TTL", "mine.reply.celery.pidbox"]).integer
            #expect((1...60).contains(life ?? -1))
            let raw = try await bed.redis.send(["RPOP", "mine.reply.celery.pidbox"]).bytes ?? []
            #expect(try JSONValue(parsing: raw)["headers"]?["ticket"] == "t")
            try await bed.expectDrains(worker)
        }
    }

    @Test(.needs(.newest))
    func `nonsense stops nothing, and is logged once`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()
            for _ in 0..<20 {
                for text in ["", "[]", "{\"method\":1}", "{\"method\":\"ping\",\"reply_to\":7}"] {
                    try await publish(bed, text)
                }
                _ = try await bed.redis.send(["PUBLISH", .text(bed.controlChannel), "no JSON"])
            }

            #expect(try await bed.inspect("ping()") == ["ok": "pong"])
            #expect(worker.err.ranges(of: "celery.control.malformed").count == 1, "\(worker.err)")
            try await bed.expectDrains(worker)
        }
    }

    private func publish(_ bed: TestBed, _ body: String) async throws {
        let message: JSONValue = [
            "body": .string(body), "content-type": "application/json", "headers": [:],
            "properties": [:],
        ]
        _ = try await bed.redis.send(
            ["PUBLISH", .text(bed.controlChannel), .bytes(message.encoded)]
        )
    }
}
