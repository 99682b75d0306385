import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `app.control.rate_limit`.
@Suite(.timeLimit(.minutes(10)))
struct CeleryRateTests {
    private func limit(_ bed: TestBed, _ rate: String) async throws -> JSONValue? {
        let said = try await bed.script(
            """
            ask = dict(destination=[sys.argv[1]], reply=True, timeout=20)
            say(app.control.rate_limit("publish_post_task", \(rate), **ask))
            """,
            TestBed.node
        )
        return said.first?.array?.first?[TestBed.node]?["ok"]
    }

    @Test(.needs(.newest))
    func `tasks over the rate wait for their turn on timers, and what has begun goes on`()
        async throws
    {
        try await TestBed.runTasks { bed in
            for number in 0..<4 { try await bed.connect("a\(number)") }
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try await bed.startCeleryWorker()
            #expect(try await limit(bed, "'1/h'") == "new rate limit set successfully")

            // Its second attempt needs no token.
            bed.sandbox.fault(.videoInit, .refuse(status: 500, code: "internal_error"))
            try await bed.push(bed.task("t-0", account: "a0", video: video))
            let first = try await bed.end(of: "t-0", worker: worker)
            #expect(first.attempt == 2)
            bed.expectPosted(first, video)
            for number in 1...3 {
                try await bed.push(bed.task("t-\(number)", account: "a\(number)", video: video))
            }
            for number in 1...3 { try await expectWaits("t-\(number)", "a\(number)", bed, worker) }
            try await expectShown(bed, worker)

            try await lookAgain(bed)
            try await waitUntil("they have looked", state: { worker.err }) {
                worker.err.ranges(of: "waiting.rate_limit").count >= 6
            }
            #expect(bed.calls(of: "a1").isEmpty)
            #expect(try await limit(bed, "0") == "rate limit disabled successfully")
            try await lookAgain(bed)
            for number in 1...3 {
                bed.expectPosted(try await bed.end(of: "t-\(number)", worker: worker), video)
            }
            #expect(try await bed.inspect("registered()") == ["publish_post_task"])
            try await bed.expectDrains(worker)
        }
    }

    private func expectWaits(
        _ id: String,
        _ account: String,
        _ bed: TestBed,
        _ worker: RunningProgram
    ) async throws {
        let row = try await bed.row(id, "waits", worker: worker) { $0.waitingFor == "rate_limit" }
        #expect(row.attempt == 1 && row.nextAttemptAt ?? .now > .now + 60)
        #expect(bed.calls(of: account).isEmpty)
        let running = try await bed.redis.send(["EXISTS", .text(bed.key("running:" + account))])
        #expect(running == .integer(0))
    }

    private func expectShown(_ bed: TestBed, _ worker: RunningProgram) async throws {
        let told = try await bed.result("t-1", becomes: "RECEIVED", worker: worker)
        #expect(told["result"]?["waiting_for"] == "rate_limit")
        let scheduled = try await bed.inspect("scheduled()")
        let waiting = scheduled.array?.compactMap { $0["request"]?["id"]?.string } ?? []
        #expect(Set(waiting) == ["t-1", "t-2", "t-3"])
        let registered = try await bed.inspect("registered()")
        #expect(registered == ["publish_post_task [rate_limit=1/h]"])
    }

    @Test(.needs(.newest))
    func `a task that waits for its rate is revoked at once, and plain jobs have no rate`()
        async throws
    {
        try await TestBed.runTasks { bed in
            try await bed.connect("a0", "a1", "a2")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try await bed.startCeleryWorker()
            _ = try await limit(bed, "'2/h'")
            try await bed.push(bed.task("t-0", account: "a0", video: video))
            _ = try await bed.end(of: "t-0", worker: worker)
            try await bed.push(bed.task("t-1", account: "a1", video: video))
            _ = try await bed.row("t-1", "waits", worker: worker) {
                $0.waitingFor == "rate_limit"
            }

            try await bed.push(bed.job("plain", account: "a2", video: video.name))
            let revoked = try await bed.celery("control", "revoke", "t-1")
            let row = try await bed.end(of: "t-1", worker: worker)

            #expect(row.status == .cancelled, "\(revoked)")
            bed.expectPosted(try await bed.end(of: "plain", worker: worker), video)
            try await bed.expectDrains(worker)
        }
    }

    /// What the clock would do in ten minutes.
    private func lookAgain(_ bed: TestBed) async throws {
        let timers = RedisArgument.text(bed.key("timers:" + bed.queue))
        let tickets = try await bed.redis.send(["ZRANGE", timers, 0, -1]).array ?? []
        for ticket in tickets.compactMap(\.text) {
            _ = try await bed.redis.send(["ZADD", timers, "XX", 0, .text(ticket)])
        }
        // Wakes the worker.
        try await bed.push(["id": .string("wake-\(tickets.count)"), "account": "nobody"])
    }
}
