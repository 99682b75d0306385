import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Flower, the real one, shows the worker and its tasks.
@Suite(.timeLimit(.minutes(15)))
struct CeleryFlowerTests {
    private func startFlower(
        _ bed: TestBed,
        _ port: UInt16,
        with release: CeleryRelease
    ) async throws -> RunningProgram {
        let flower = try await bed.startPython(
            [
                "-m", "celery", "-A", "upstream", "flower", "--address=127.0.0.1",
                "--port=\(port)",
            ],
            with: release,
            environment: ["FLOWER_UNAUTHENTICATED_API": "true"]
        )
        try await waitUntil("Flower answers", state: { flower.out + flower.err }) {
            await Loopback.ask(
                port: port,
                Array("GET /healthcheck HTTP/1.0\r\n\r\n".utf8),
                answerBytes: 12
            ).map { String(decoding: $0, as: UTF8.self).hasSuffix(" 200") } ?? false
        }
        return flower
    }

    /// Pages of Flower's as soon as it has heard of the worker and of both ends.
    private func pages(_ bed: TestBed, _ port: UInt16) async throws -> JSONValue {
        let said = try await bed.script(
            """
            import urllib.error, urllib.request

            def page(path):
                with urllib.request.urlopen("http://127.0.0.1:" + sys.argv[1] + path, timeout=20) \\
                        as answer:
                    return answer.read().decode()

            def tasks():
                return json.loads(page("/api/tasks"))

            limit = time.monotonic() + 60
            while {task["state"] for task in tasks().values()} != {"SUCCESS", "FAILURE"}:
                assert time.monotonic() < limit, tasks()
                time.sleep(0.2)
            node = sys.argv[2]
            say({
                "tasks": tasks(),
                "status": json.loads(page("/api/workers?status=true")),
                "workers": json.loads(page("/api/workers?refresh=true")),
                "/workers": page("/workers"), "/worker": page("/worker/" + node),
                "/tasks": page("/tasks"), "/task": page("/task/good"),
            })
            """,
            "\(port)",
            TestBed.node
        )
        return try #require(said.first)
    }

    @Test(.needs(.newest, .middle), arguments: [CeleryRelease.newest, .middle])
    func `Flower lists the worker and its tasks`(release: CeleryRelease) async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            let port = try Loopback.freePort()
            let flower = try await startFlower(bed, port, with: release)
            // Flower has asked everybody before it answers; what came before it is not shown.
            try await waitUntil("Flower has asked the worker") {
                await !(try bed.inspect("ping()") == .null) && flower.isRunning
            }
            try await bed.callTask("good", video: video, with: release)
            _ = try await bed.script("publish_post_task.apply_async(kwargs={}, task_id='bad')")

            let shown = try await pages(bed, port)

            let good = try #require(shown["tasks"]?["good"])
            #expect(good["name"] == "publish_post_task")
            #expect(good["state"] == "SUCCESS")
            #expect(good["worker"] == .string(TestBed.node))
            #expect(good["result"]?.string?.contains("'status': 'published'") == true)
            for time in ["received", "started", "succeeded", "runtime"] {
                #expect(good[time] != nil && good[time] != .null, "\(time)")
            }
            #expect(shown["tasks"]?["bad"]?["exception"]?.string?.contains("PublishFailed") == true)
            #expect(shown["status"]?[TestBed.node] == true)
            let seen = try #require(shown["workers"]?[TestBed.node])
            #expect(seen["registered"] == ["publish_post_task"])
            #expect(seen["active_queues"]?.array?.first?["name"] == .string(bed.queue))
            #expect(seen["stats"]?["pid"] == .integer(Int64(worker.pid)))
            #expect(shown["/workers"]?.string?.contains(TestBed.node) == true)
            #expect(shown["/worker"]?.string?.contains("publish_post_task") == true)
            #expect(shown["/task"]?.string?.contains("SUCCESS") == true)
            try await bed.expectDrains(worker)
            await flower.kill()
        }
    }
}
