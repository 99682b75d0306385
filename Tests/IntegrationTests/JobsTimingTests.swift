import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Jobs that may not run yet, or not any more, and the order of those that may.
@Suite(.timeLimit(.minutes(10)))
struct JobsTimingTests {
    @Test func `a job waits for its time`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("later.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            let time = Date.now + 4

            try await bed.push(
                bed.job("later", account: "mira", video: video.name, ["publish_at": .time(time)])
            )
            let waiting = try await bed.row("later", "waits", worker: worker) {
                $0.waitingFor != nil
            }
            let row = try await bed.end(of: "later", worker: worker)

            #expect(waiting.status == .waiting)
            #expect(waiting.waitingFor == "schedule")
            let until = try #require(waiting.nextAttemptAt)
            #expect(abs(until.timeIntervalSince(time)) < 0.01)
            bed.expectPosted(row, video)
            let begun = bed.sandbox.journal().first { $0.endpoint == .creatorInfo }?.at ?? 0
            #expect(Double(begun) / 1000 > time.timeIntervalSince1970 - 0.01)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a job that expired is not begun`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("stale.mp4", bytes: 200_000)
            let worker = try bed.startWorker()

            try await bed.push(
                bed.job(
                    "stale",
                    account: "mira",
                    video: video.name,
                    ["expires_at": "2026-01-01T00:00:00Z"]
                )
            )
            let row = try await bed.end(of: "stale", worker: worker)

            #expect(row.status == .expired)
            #expect(row.publishID == nil)
            #expect(bed.sandbox.report().requests.isEmpty)
            bed.expectNotPosted("stale")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a job above the daily limit waits until the window has moved on`() async throws {
        try await TestBed.run(["DAILY_POST_LIMIT": "1"]) { bed in
            try await bed.connect("mira")
            let video = try bed.video("daily.mp4", bytes: 200_000)
            let worker = try bed.startWorker()
            try await bed.push(bed.job("first", account: "mira", video: video.name))
            let first = try await bed.end(of: "first", worker: worker)

            try await bed.push(bed.job("second", account: "mira", video: video.name))
            let waiting = try await bed.row("second", "waits", worker: worker) {
                $0.nextAttemptAt != nil
            }
            let inits = bed.sandbox.report().requests[.videoInit]
            try await bed.letTheDayPass(for: "mira")
            let second = try await bed.end(of: "second", worker: worker)

            bed.expectPosted(first, video)
            #expect(waiting.status == .waiting)
            #expect(waiting.waitingFor == "daily_limit")
            let wait = try #require(waiting.nextAttemptAt).timeIntervalSinceNow
            #expect((82_800...86_400).contains(wait))
            #expect(inits == 1)
            #expect(second.attempt == 1)
            bed.expectPosted(second, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `an account transfers one job at a time`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "nora")
            let video = try bed.video("busy.mp4", bytes: 200_000)
            // The answer to the first init drips, and holds the account's slot meanwhile.
            bed.sandbox.fault(.videoInit, .slow(bytesPerSecond: 60), openID: "-000-mira")
            let worker = try bed.startWorker()

            try await bed.push(bed.job("first", account: "mira", video: video.name))
            try await bed.hits(of: .videoInit, worker: worker)
            try await bed.push(
                bed.job("second", account: "mira", video: video.name),
                bed.job("other", account: "nora", video: video.name)
            )
            let waiting = try await bed.row("second", "waits", worker: worker) {
                $0.waitingFor != nil
            }
            let begun = bed.sandbox.report().posts.map(\.title)

            #expect(waiting.waitingFor == "account_busy")
            #expect(!begun.contains(TestBed.title(of: "second")))
            let rows = try await bed.ends(of: ["first", "second", "other"], worker: worker)
            for row in rows { bed.expectPosted(row, video) }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `of strict queues the first is served first`() async throws {
        let queues = ["high", "low"].map { "\($0)-\(UInt32.random(in: 0 ... .max))" }
        let settings = ["QUEUES": queues.joined(separator: ","), "CONCURRENCY": "1"]
        try await TestBed.run(settings) { bed in
            let order = try await bed.publish(4, on: queues)

            #expect(order == Array(repeating: "high", count: 4) + Array(repeating: "low", count: 4))
        }
    }

    @Test func `weighted queues share the turns, and none is left out`() async throws {
        let queues = ["high", "low"].map { "\($0)-\(UInt32.random(in: 0 ... .max))" }
        let settings = [
            "QUEUES": "\(queues[0])*3, \(queues[1])*1", "CONCURRENCY": "1", "INIT_PER_MINUTE": "99",
        ]
        try await TestBed.run(settings, options: { $0.requestsPerMinute = [:] }) { bed in
            let order = try await bed.publish(10, on: queues)

            let firstHalf = order.prefix(10)
            #expect(firstHalf.contains("low"))
            #expect(firstHalf.count { $0 == "high" } > 5)
        }
    }
}

extension TestBed {
    /// Pushes jobs of one account for each queue, named after it, before a worker starts.
    ///
    /// Returns the names of the queues in the order in which their posts were begun.
    fileprivate func publish(_ count: Int, on queues: [String]) async throws -> [String] {
        let video = try video("queued.mp4", bytes: 100_000)
        var jobs: [String] = []
        for queue in queues.reversed() {
            let name = String(queue.prefix { $0 != "-" })
            try await connect(name)
            for number in 0..<count {
                jobs.append("\(name)-\(number)")
                try await push(
                    job("\(name)-\(number)", account: name, video: video.name),
                    onto: queue
                )
            }
        }
        let worker = try startWorker()
        let rows = try await ends(of: jobs, worker: worker)
        for row in rows { expectPosted(row, video) }
        try await expectDrains(worker)
        let order = sandbox.report().posts.map { $0.openID.dropFirst("-000-".count) }
        return order.map(String.init)
    }

    /// Lets everything that an account waits for be over: its counted posts, pauses and timers.
    func letTheDayPass(for account: String) async throws {
        for kind in ["post", "draft"] {
            let counted = key("counted:\(kind):\(account)")
            for post in try await members(of: counted) { try await makeOld(post, in: counted) }
        }
        _ = try await redis.send([
            "DEL", .text(key("hold:post:\(account)")), .text(key("hold:draft:\(account)")),
        ])
        let timers = key("timers:\(queue)")
        // The row says that a job waits a moment before the queue knows it.
        try await waitUntil("a timer of \(account)") {
            var isFound = false
            for ticket in try await members(of: timers) {
                let owner = try await redis.send(["HGET", .text(key("job:\(ticket)")), "account"])
                guard owner.text == account else { continue }
                isFound = true
                try await makeOld(ticket, in: timers)
            }
            return isFound
        }
    }

    /// Lets every timer of the bed's queue be due.
    func letTimersBeDue() async throws {
        let timers = key("timers:\(queue)")
        for ticket in try await members(of: timers) { try await makeOld(ticket, in: timers) }
    }

    private func members(of set: String) async throws -> [String] {
        let answer = try await redis.send(["ZRANGE", .text(set), 0, -1])
        return (answer.array ?? []).compactMap(\.text)
    }

    private func makeOld(_ member: String, in set: String) async throws {
        _ = try await redis.send(["ZADD", .text(set), "XX", 1, .text(member)])
    }
}
