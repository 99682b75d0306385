import Foundation
import JSON
import PrivateServers
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Workers and servers that go away between a job's row and its last word to its caller.
@Suite(.timeLimit(.minutes(10)))
struct CeleryCrashTests {
    /// A request of the worker that is held back before or after its effect.
    struct Point: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let action: ProxyFault.Action
        /// Words of the request, each an argument of its own or a part of one.
        let words: [String]
    }

    static let points = [
        Point(testDescription: "before what follows", action: .holdRequest, words: ["\nlink"]),
        Point(testDescription: "after what follows", action: .holdAnswer, words: ["\nSUCCESS\r"]),
        Point(
            testDescription: "before the result",
            action: .holdRequest,
            words: ["\ncelery-task-meta-t-1\r", "\"status\":\"SUCCESS\""]
        ),
        Point(
            testDescription: "after the result",
            action: .holdAnswer,
            words: ["\ncelery-task-meta-t-1\r", "\"status\":\"SUCCESS\""]
        ),
        Point(
            testDescription: "before the chord",
            action: .holdRequest,
            words: ["celery-taskset-meta-g.j"]
        ),
        Point(
            testDescription: "after the chord",
            action: .holdAnswer,
            words: ["celery-taskset-meta-g.j"]
        ),
        Point(
            testDescription: "after the body",
            action: .holdAnswer,
            words: ["\nchord\r"]
        ),
        Point(testDescription: "before the end", action: .holdRequest, words: ["\ndone\r"]),
    ]

    @Test func `a worker killed anywhere at the end repeats nothing and forgets nothing`() async {
        await allAtOnce(Self.points) { point in try await Self.kill(at: point) }
    }

    private static func kill(at point: Point) async throws {
        let settings = ["LEASE_SECONDS": "3"]
        try await TestBed.runBehindProxies(settings) { bed, proxies in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let words = point.words.map { $0 == "\nlink" ? "\n\(bed.followers)\r" : $0 }
            let id = "t-" + bed.schema
            let group = "g-" + bed.schema
            let mine = words.map {
                $0.replacing("meta-t-1", with: "meta-" + id).replacing("-g.j", with: "-\(group).j")
            }
            let held = proxies.redis.plan(point.action) { exchange in
                exchange.asks("EVALSHA") && mine.allSatisfy { exchange.asks($0) }
            }
            let embed: [String: JSONValue] = [
                "callbacks": [bed.signature("link")],
                "chain": [bed.signature("next", ["task_id": "c-1"])],
                "chord": bed.signature("body", ["task_id": .string("b-" + bed.schema)]),
            ]
            _ = try await bed.redis.send(["SET", .text("celery-taskset-meta-\(group).s"), 1])
            let first = try bed.startWorker("first", environment: proxies.environment)
            let headers: [String: JSONValue] = ["group": .string(group), "group_index": 0]
            try await bed.push(bed.task(id, video: video, embed: embed, headers: headers))
            try await held.happens { first.err }

            await first.kill()
            held.release(dropped: true)
            let second = try bed.startWorker("second")
            let row = try await bed.end(of: id, worker: second)
            try await bed.result(id, becomes: "SUCCESS", worker: second)
            try await bed.expectNothingLeft(worker: second)

            bed.expectPosted(row, video)
            let followed = try await bed.followed()
            let tasks = followed.map(\.task)
            #expect(tasks == ["link", "next", "body"], "\(point.testDescription)")
            #expect(followed.last?.arguments.array?.first?.array?.count == 1)
            let done = RedisArgument.text("celery-taskset-meta-\(group).c")
            #expect(try await bed.redis.send(["GET", done]).text == "done")
            try await bed.expectDrains(second)
        }
    }

    @Test func `a result server that is away gets every result when it is back`() async throws {
        try await withRedis { results, client in
            let settings: [String: String] = ["CELERY_RESULT_URL": results.url]
            try await TestBed.runTasks(settings, options: { $0.processing = .seconds(5) }) { bed in
                try await bed.connect("mira")
                let video = try bed.video("a.mp4", bytes: 300_000)
                let worker = try bed.startWorker()
                let link: [String: JSONValue] = ["callbacks": [bed.signature("link")]]
                try await bed.push(bed.task("t-1", video: video, embed: link))
                try await bed.result("t-1", becomes: "PROGRESS", worker: worker, over: client)
                await results.kill()

                bed.expectPosted(try await bed.end(of: "t-1", worker: worker), video)
                try await waitUntil("a word about it", state: { worker.err }) {
                    worker.err.contains("celery.results_away")
                }
                // The job is kept until its caller can be told.
                let jobs = try await bed.redis.send(["KEYS", .text(bed.key("job:*"))]).array
                #expect(jobs?.count == 1)
                try await results.restart()
                try await bed.result("t-1", becomes: "SUCCESS", worker: worker, over: client)

                try await bed.expectNothingLeft(worker: worker)
                #expect(try await bed.followed().count == 1)
                #expect(try await bed.result("t-1") == nil)
                #expect(bed.sandbox.report().posts.count == 1)
                try await bed.expectDrains(worker)
            }
        }
    }

    // MARK: Chords

    /// The other part, as a worker of Celery 5.7 counts it.
    private static func end(
        other state: String,
        _ result: JSONValue,
        of group: String,
        in bed: TestBed
    ) async throws {
        let base = "celery-taskset-meta-" + group
        let member: JSONValue = [1, "other", .string(state), result]
        _ = try await bed.redis.pipeline(
            [
                ["SET", .text(base + ".s"), 2], ["SADD", .text(base + ".d"), "other:0"],
                ["ZADD", .text(base + ".j"), 0, .bytes(member.encoded)],
            ]
        )
    }

    @Test func `the last part of a chord sends its body with all results`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            let group = "g-" + bed.schema
            try await Self.end(other: "SUCCESS", ["n": 1], of: group, in: bed)

            let headers: [String: JSONValue] = ["group": .string(group), "group_index": 1]
            let body = bed.signature("body", ["task_id": "b-1"])
            try await bed.push(
                bed.task("t-1", video: video, embed: ["chord": body], headers: headers)
            )
            let result = try await bed.result("t-1", becomes: "SUCCESS", worker: worker)
            try await bed.expectNothingLeft(worker: worker)

            let followed = try await bed.followed()
            #expect(followed.map(\.id) == ["b-1"])
            #expect(followed.first?.arguments == [[["n": 1], result["result"] ?? .null], 5])
            let left = try await bed.redis.send(
                ["KEYS", .text("celery-taskset-meta-\(group)*")]
            )
            #expect(left.array?.compactMap(\.text) == ["celery-taskset-meta-\(group).c"])
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a failed part fails the chord's body`() async throws {
        try await TestBed.runTasks { bed in
            let video = try bed.video("a.mp4", bytes: 1000)
            let worker = try bed.startWorker()
            let group = "g-" + bed.schema
            try await Self.end(other: "SUCCESS", ["n": 1], of: group, in: bed)

            let headers: [String: JSONValue] = ["group": .string(group), "group_index": 1]
            let body = bed.signature(
                "body",
                ["task_id": "b-1", "link_error": [bed.signature("broke")]]
            )
            try await bed.push(
                bed.task(
                    "t-1",
                    account: "nobody",
                    video: video,
                    embed: ["chord": body],
                    headers: headers
                )
            )
            let failed = try await bed.result("b-1", becomes: "FAILURE", worker: worker)
            try await bed.awaitDead(1)

            #expect(failed["result"]?["exc_type"] == "ChordError")
            let words = failed["result"]?["exc_message"]?.array?.first?.string ?? ""
            #expect(words.hasPrefix("Dependency t-1 raised PublishFailed('account_unknown', "))
            let followed = try await bed.followed()
            #expect(followed.map(\.task) == ["broke"])
            #expect(followed.first?.arguments == ["b-1", 5])
            try await bed.expectDrains(worker)
        }
    }
}
