import JSON
import Redis
import Support
import Testing

/// The Pythons that other tests of Celery stand on.
@Suite(.timeLimit(.minutes(15)))
struct CeleryReleasesTests {
    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `an upstream app of any release pushes a task`(release: CeleryRelease) async throws {
        try await TestBed.run { bed in
            let said = try await bed.script(
                """
                import celery
                result = publish_post_task.delay(account="mira", video="a.mp4")
                say({"release": celery.__version__, "id": result.id})
                """,
                with: release
            )

            #expect(said.first?["release"] == .string(release.rawValue))
            let pushed = try await bed.redis.send(["LRANGE", .text(bed.queue), 0, -1]).array ?? []
            #expect(pushed.count == 1)
            let message = try JSONValue(parsing: try #require(pushed.first?.bytes))
            #expect(message["headers"]?["task"] == "publish_post_task")
            #expect(message["headers"]?["id"] == said.first?["id"])
        }
    }

    @Test(.needs(.newest))
    func `a script that fails is told from one that says nothing`() async throws {
        try await TestBed.run { bed in
            await #expect(throws: TestBed.ScriptFailure.self) {
                _ = try await bed.script("raise SystemExit(3)")
            }
            let said = try await bed.script("pass")
            #expect(said.isEmpty)
        }
    }
}
