import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// What tests with Celery's own tools share.
extension TestBed {
    /// The worker's name among Celery's.
    static let node = "publisher@test"

    /// A worker that has said that it is there.
    func startCeleryWorker(
        _ name: String = TestBed.node,
        environment: [String: String] = [:]
    ) async throws -> RunningProgram {
        let worker = try startWorker(name, environment: environment)
        try await waitUntil("the worker listens", state: { worker.err }) {
            let answer = try await redis.send(["PUBSUB", "NUMSUB", .text(controlChannel)])
            return (answer.array?.last?.integer ?? 0) > 0
        }
        return worker
    }

    var controlChannel: String {
        let database = redisURL.split(separator: "/").last.flatMap { Int($0) } ?? 0
        return CeleryKeys.controlChannel(database: database)
    }

    /// Calls the publish task as an upstream app does.
    ///
    /// - Parameter more: Python, further keyword arguments of `apply_async`.
    func callTask(
        _ id: String,
        video: TestVideo,
        _ more: String = "",
        with release: CeleryRelease = .newest
    ) async throws {
        let said = try await script(
            """
            job = dict(account="mira", video=sys.argv[2], title=sys.argv[3], privacy="public")
            say(publish_post_task.apply_async(kwargs=job, task_id=sys.argv[1], \(more)).id)
            """,
            id,
            video.name,
            Self.title(of: id),
            with: release
        )
        #expect(said == [.string(id)])
    }

    /// What a command of `app.control.inspect()` shows of the worker.
    func inspect(
        _ call: String,
        with release: CeleryRelease = .newest,
        node: String = TestBed.node
    ) async throws -> JSONValue {
        let said = try await script(
            """
            inspect = app.control.inspect(destination=[sys.argv[1]], timeout=20)
            say(inspect.\(call))
            """,
            node,
            with: release
        )
        return try #require(said.first?[node])
    }
}
