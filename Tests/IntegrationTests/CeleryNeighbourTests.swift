import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// A Python worker that shares the Redis.
@Suite(.timeLimit(.minutes(10)))
struct CeleryNeighbourTests {
    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `a Python worker greets this one, works on, and learns what was revoked`(
        release: CeleryRelease
    ) async throws {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("v.mp4", bytes: 200_000)
            let worker = try await bed.startCeleryWorker()
            _ = try await bed.script(
                """
                ask = dict(destination=[sys.argv[1]], reply=True, timeout=20)
                app.control.revoke(["given-up"], **ask)
                """,
                TestBed.node,
                with: release
            )
            let neighbour = try await bed.startPython(
                [
                    "-m", "celery", "-A", "upstream", "worker", "--pool=solo", "--loglevel=INFO",
                    "--hostname=python@test", "--queues=\(bed.queue).upstream",
                ],
                with: release
            )
            try await waitUntil("it is ready", state: { neighbour.out + neighbour.err }) {
                neighbour.err.contains("python@test ready")
            }

            let noted = try await bed.script("say(note.delay(7).get(timeout=60))", with: release)
            try await bed.callTask("beside", video: video, with: release)
            let row = try await bed.end(of: "beside", worker: worker)
            let revoked = try await bed.inspect("revoked()", with: release, node: "python@test")
            let hello = try await bed.inspect("hello('python@test')", with: release)

            #expect(neighbour.err.contains("sync with 1 nodes"), "\(neighbour.err)")
            #expect(neighbour.err.contains("sync complete"), "\(neighbour.err)")
            #expect(noted.first?["values"] == [7])
            #expect(revoked == ["given-up"])
            #expect(hello["revoked"] == ["given-up"])
            #expect(hello["clock"]?.integer ?? 0 > 0)
            bed.expectPosted(row, video)
            #expect(neighbour.isRunning && worker.isRunning)
            await neighbour.kill()
            try await bed.expectDrains(worker)
        }
    }
}
