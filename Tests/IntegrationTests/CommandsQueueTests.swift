import Foundation
import JSON
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// `queues`, `workers`, and pauses of a queue.
@Suite(.timeLimit(.minutes(10)))
struct CommandsQueueTests {
    @Test func `every job is counted where it is`() async throws {
        try await TestBed.run { bed in
            let worker = try await bed.startEverywhere()

            let depths = try await bed.depths()
            let elsewhere = try await bed.depths(environment: ["QUEUES": "another"])
            let text = try await bed.run("queues")

            let counts = [
                "pushed": 0, "ready": 0, "in_hand": 1, "timers": 1, "in_line": 1, "dead": 1,
                "in_doubt": 0,
            ]
            for (name, count) in counts {
                #expect(depths[name]?.integer == Int64(count), "\(name) in \(depths)")
                #expect(elsewhere[name]?.integer == Int64(count), "\(name) in \(elsewhere)")
            }
            #expect(depths["waiting_for"] == ["account_busy": 1, "schedule": 1])
            #expect(depths["oldest_received_at"]?.string != nil)
            #expect(depths["paused"] == .null)
            #expect(text.out.contains("account_busy 1, schedule 1"), "\(text)")
            await worker.kill()
        }
    }

    @Test func `every job is found where it is`() async throws {
        try await TestBed.run { bed in
            let worker = try await bed.startEverywhere()
            try await waitUntil("the beat", state: { worker.err }) {
                try await bed.json("workers").first?["jobs"]?.array?.first?["job"] == "sending"
            }

            let workers = try await bed.run("workers")
            let sending = try await bed.place(of: "sending")
            let next = try await bed.place(of: "next")
            let later = try await bed.place(of: "later")
            let lost = try await bed.place(of: "lost")
            let shown = try await bed.run("jobs", "show", "next")

            #expect(workers.out.contains("sending"), "\(workers)")
            #expect(workers.out.contains("uploading"), "\(workers)")
            #expect(sending["state"] == "in_hand" && sending["worker"] == "worker", "\(sending)")
            #expect(sending["lease_until"]?.string != nil && sending["owns_slot"] == true)
            #expect(next["state"] == "in_line" && next["place"] == 1 && next["line"] == 1)
            #expect(later["state"] == "timer" && later["until"]?.string != nil)
            #expect(lost["state"] == "dead" && lost["reason"] == "account_unknown", "\(lost)")
            #expect(shown.out.contains("in the line of its account, place 1 of 1"), "\(shown)")
            await worker.kill()
        }
    }

    @Test func `a paused queue hands out nothing until it is resumed`() async throws {
        try await TestBed.run { bed in
            try await bed.connect("mira", "nora")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let both = ["QUEUES": "\(bed.queue),\(bed.queue)-b"]
            let why = "the disk\u{1B}[2J is \u{202E}full"
            let pause = try await bed.run(
                "pause",
                "--queue",
                bed.queue,
                "--reason",
                why,
                environment: both
            )
            try await bed.push(bed.job("held", account: "mira", video: video.name))
            try await bed.push(
                bed.job("other", account: "nora", video: video.name),
                onto: bed.queue + "-b"
            )
            let worker = try bed.startWorker(environment: both)
            _ = try await bed.end(of: "other", worker: worker)

            let depths = try await bed.depths()
            let unseen = try await bed.place(of: "held")
            let text = try await bed.run("queues")
            let resumed = try await bed.run("resume", "--queue", bed.queue)
            let row = try await bed.end(of: "held", worker: worker)
            let again = try await bed.run("resume", "--queue", bed.queue)

            #expect(pause.code == 0 && pause.out.contains("until it is resumed"), "\(pause)")
            #expect(pause.err.isEmpty)
            #expect(depths["pushed"] == 1 && depths["paused"]?["reason"]?.string == why)
            #expect(unseen["state"] == "unseen" && unseen["before"] == 0)
            #expect(text.out.contains("until resumed: the disk"), "\(text)")
            #expect(!text.out.contains("\u{1B}") && !text.out.contains("\u{202E}"))
            #expect(resumed.code == 0, "\(resumed)")
            bed.expectPosted(row, video)
            #expect(again.code == 1 && again.err.contains("is not paused"), "\(again)")
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a pause with an end is over by itself, and a strange queue is warned about`()
        async throws
    {
        try await TestBed.run { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let pause = try await bed.json("pause", "--queue", bed.queue, "--for", "2s")
            let strange = try await bed.run("pause", "--queue", "no-such", "--for=1h")
            let worker = try bed.startWorker()
            try await bed.push(bed.job("held", account: "mira", video: video.name))

            let row = try await bed.end(of: "held", worker: worker)

            #expect(pause.first?["ends_at"]?.string != nil)
            #expect(strange.code == 0 && strange.err.contains("'no-such' is not in QUEUES"))
            bed.expectPosted(row, video)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `live workers are listed, and one that was killed is forgotten`() async throws {
        try await TestBed.run(TestBed.quick) { bed in
            let first = try bed.startWorker("first")
            let second = try bed.startWorker("second")
            try await waitUntil("both", state: { first.err + second.err }) {
                try await bed.states() == ["first": "working", "second": "working"]
            }
            second.send(.user1)
            try await waitUntil("the pause", state: { second.err }) {
                try await bed.states() == ["first": "working", "second": "paused"]
            }

            await first.kill()
            try await waitUntil("the silence", state: { second.err }) {
                try await bed.states() == ["first": "silent", "second": "paused"]
            }
            // As if a minute had passed.
            _ = try await bed.redis.send(["ZINCRBY", .text(bed.key("workers")), -61_000, "first"])
            try await waitUntil("the sweep", state: { second.err }) {
                try await bed.states() == ["second": "paused"]
            }
            try await bed.expectDrains(second)
            let none = try await bed.run("workers")

            #expect(none.code == 0 && none.out.hasPrefix("no worker is running"), "\(none)")
        }
    }

    @Test func `depths are shown while PostgreSQL is away`() async throws {
        try await TestBed.run { bed in
            try await bed.push(bed.job("early", account: "mira", video: "v.mp4"))
            let away = ["DATABASE_URL": "postgresql://me@127.0.0.1:9/db"]

            let result = try await bed.run("queues", "--json", environment: away)
            let depths = try JSONValue(parsing: result.out.utf8)

            #expect(result.code == 0, "\(result)")
            #expect(result.err.contains("PostgreSQL is left out"), "\(result)")
            #expect(depths["pushed"] == 1 && depths["in_doubt"] == .null)
        }
    }
}

extension TestBed {
    /// A worker with one job in hand, one in line, one on a timer and one dead.
    fileprivate func startEverywhere() async throws -> RunningProgram {
        try await connect("mira")
        let video = try video("v.mp4", bytes: 200_000)
        let worker = try await startHanging("sending", video: video)
        let time = JSONValue.time(Date.now + 3600)
        try await push(
            job("next", account: "mira", video: video.name),
            job("later", account: "mira", video: video.name, ["publish_at": time]),
            job("lost", account: "nobody", video: video.name)
        )
        _ = try await end(of: "lost", worker: worker)
        for (job, reason) in [("next", "account_busy"), ("later", "schedule")] {
            _ = try await row(job, "waits", worker: worker) { $0.waitingFor == reason }
        }
        try await waitUntil("the dead letter", state: { worker.err }) {
            try await json("dead", "list").count == 1
        }
        return worker
    }

    /// The workers that `workers` lists, and the state of each.
    fileprivate func states() async throws -> [String: String] {
        let workers = try await json("workers")
        return Dictionary(
            workers.map { ($0["worker"]?.string ?? "", $0["state"]?.string ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
