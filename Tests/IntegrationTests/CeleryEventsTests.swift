import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// What Celery's monitors hear of the worker and its tasks.
@Suite(.timeLimit(.minutes(15)))
struct CeleryEventsTests {
    /// Celery's own receiver and its picture of the cluster, in another time zone than the worker.
    private func startReceiver(
        _ bed: TestBed,
        with release: CeleryRelease = .newest
    ) async throws -> RunningProgram {
        let receiver = try await bed.startScript(
            """
            os.environ["TZ"] = "Asia/Bangkok"
            time.tzset()
            state = app.events.State()

            def heard(event):
                state.event(event)
                fields = "type", "hostname", "uuid", "name", "result", "runtime", "exception", \\
                    "expired", "clock", "kwargs", "freq", "pid"
                said = {field: event[field] for field in fields if field in event}
                worker = state.workers.get(event["hostname"])
                said["alive"] = bool(worker and worker.alive)
                said["hours_off"] = round((event["timestamp"] - time.time()) / 3600)
                task = state.tasks.get(event.get("uuid", ""))
                said["state"] = task and task.state
                say(said)

            with app.connection_for_read() as connection:
                receiver = app.events.Receiver(connection, handlers={"*": heard})
                receiver.capture(limit=None, timeout=None, wakeup=True)
            """,
            with: release
        )
        // What it hears first tells that it listens.
        try await waitUntil("the receiver hears the worker", state: { "\(receiver.err)" }) {
            try events(receiver).contains { $0["type"] == "worker-heartbeat" }
        }
        return receiver
    }

    private func events(_ receiver: RunningProgram) throws -> [JSONValue] { try receiver.said() }

    private func types(_ receiver: RunningProgram, of id: String) throws -> [String] {
        try events(receiver).filter { $0["uuid"] == .string(id) }.compactMap { $0["type"]?.string }
    }

    private func waitFor(_ type: String, _ id: String, _ receiver: RunningProgram) async throws {
        try await waitUntil("\(type) of \(id)", state: { receiver.out + receiver.err }) {
            try types(receiver, of: id).contains(type)
        }
    }

    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `monitors see the worker come, its tasks end, and it go`(
        release: CeleryRelease
    ) async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            let receiver = try await startReceiver(bed, with: release)

            try await bed.callTask("good", video: video, with: release)
            try await waitFor("task-succeeded", "good", receiver)
            bed.sandbox.fault(.videoInit, .publishFails(reason: "internal"))
            try await bed.callTask("again", video: video, with: release)
            try await waitFor("task-succeeded", "again", receiver)
            _ = try await bed.script("publish_post_task.apply_async(kwargs={}, task_id='bad')")
            try await waitFor("task-failed", "bad", receiver)
            try await bed.callTask("late", video: video, "expires=-1", with: release)
            try await waitFor("task-revoked", "late", receiver)
            try await bed.expectDrains(worker)
            try await waitUntil("the worker goes", state: { receiver.out }) {
                try events(receiver).last?["type"] == "worker-offline"
            }

            let all = try events(receiver)
            #expect(try types(receiver, of: "good") == Self.goodLife)
            #expect(try types(receiver, of: "again").contains("task-retried"))
            #expect(try types(receiver, of: "bad") == ["task-received", "task-failed"])
            #expect(all.allSatisfy { $0["hostname"] == .string(TestBed.node) })
            #expect(all.allSatisfy { $0["hours_off"] == 0 })
            #expect(all.allSatisfy { $0["pid"] == .integer(Int64(worker.pid)) })
            #expect(all.dropLast().allSatisfy { $0["alive"] == true })
            let clocks = all.compactMap { $0["clock"]?.integer }
            #expect(clocks == clocks.sorted() && Set(clocks).count == all.count)
            try check(all)
            await receiver.kill()
        }
    }

    private static let goodLife = ["task-received", "task-started", "task-succeeded"]

    private func check(_ all: [JSONValue]) throws {
        func last(_ id: String) throws -> JSONValue {
            try #require(all.last { $0["uuid"] == .string(id) })
        }
        let received = try #require(all.first { $0["uuid"] == "good" })
        #expect(received["name"] == "publish_post_task")
        #expect(received["kwargs"]?.string?.contains("'video': 'v.mp4'") == true)
        #expect(try last("good")["state"] == "SUCCESS")
        #expect(try last("good")["result"]?.string?.contains("'status': 'published'") == true)
        #expect(try last("again")["state"] == "SUCCESS")
        #expect(try last("bad")["state"] == "FAILURE")
        #expect(try last("bad")["exception"]?.string?.contains("PublishFailed(") == true)
        #expect(try last("late")["state"] == "REVOKED")
        #expect(try last("late")["expired"] == true)
    }

    @Test(.needs(.newest))
    func `events of tasks are switched off and on`() async throws {
        let settings = ["CELERY_EVENTS": "off"]
        try await TestBed.run(settings, hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            let receiver = try await startReceiver(bed)
            func enable(_ command: String) async throws -> JSONValue? {
                try await bed.script(
                    """
                    answer = app.control.\(command)_events(
                        destination=[sys.argv[1]], reply=True, timeout=20)
                    say(answer[0][sys.argv[1]])
                    """,
                    TestBed.node
                ).first
            }

            try await bed.callTask("unheard", video: video)
            _ = try await bed.end(of: "unheard", worker: worker)
            let answers = try await [enable("enable"), enable("enable")]
            try await bed.callTask("heard", video: video)
            try await waitFor("task-succeeded", "heard", receiver)
            let off = try await enable("disable")

            #expect(answers[0] == ["ok": "task events enabled"])
            #expect(answers[1] == ["ok": "task events already enabled"])
            #expect(off == ["ok": "task events disabled"])
            #expect(try types(receiver, of: "unheard").isEmpty)
            #expect(try types(receiver, of: "heard") == Self.goodLife)
            try await bed.expectDrains(worker)
            await receiver.kill()
        }
    }

    @Test(.needs(.newest))
    func `a monitor misses a worker that was killed, and one that hangs`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            let worker = try await bed.startCeleryWorker()
            let watcher = try await bed.startScript(
                """
                state = app.events.State()
                def heard(event):
                    state.event(event)
                with app.connection_for_read() as connection:
                    receiver = app.events.Receiver(connection, handlers={"*": heard})
                    while True:
                        try:
                            receiver.capture(limit=None, timeout=0.2, wakeup=False)
                        except TimeoutError:
                            pass
                        say([worker.alive for worker in state.workers.values()])
                """
            )
            try await waitUntil("the worker is seen", state: { watcher.err }) {
                try watcher.said().last == [true]
            }

            worker.send(.pause)
            try await waitUntil("it is missed") { try watcher.said().last == [false] }
            worker.send(.resume)
            try await waitUntil("it is back") { try watcher.said().last == [true] }
            await worker.kill()
            try await waitUntil("it is missed again") { try watcher.said().last == [false] }
            await watcher.kill()
        }
    }

    @Test(.needs(.newest))
    func `celery events prints what happens`() async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            let program = ["-m", "celery", "-A", "upstream", "events", "--dump"]
            let dump = try await bed.startPython(program)
            try await waitUntil("it hears the worker", state: { dump.out + dump.err }) {
                dump.out.contains("\(TestBed.node) [") && dump.out.contains("heartbeat")
            }

            try await bed.callTask("shown", video: video)
            try await waitUntil("it prints the end", state: { dump.out + dump.err }) {
                dump.out.contains("task succeeded: publish_post_task(shown)")
            }

            #expect(dump.out.contains("task received: publish_post_task(shown)"))
            try await bed.expectDrains(worker)
            await dump.kill()
        }
    }
}
