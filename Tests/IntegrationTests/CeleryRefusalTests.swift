import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// What Redis refuses is told, and is no reason to stop posting.
@Suite(.timeLimit(.minutes(10)))
struct CeleryRefusalTests {
    @Test func `a user without Celery's keys and channels posts, and the log says once what to do`()
        async throws
    {
        try await TestBed.run(hasOwnDatabase: true) { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let login = bed.schema + ":secret"
            _ = try await bed.redis.send([
                "ACL", "SETUSER", .text(bed.schema), "on", ">secret", "+@all",
                .text("~" + bed.key("*")), .text("~\(bed.queue)*"), "~celery-task-meta-*",
                "resetchannels", "&celery-task-meta-*",
            ])
            let database = bed.redisURL.split(separator: "/").last.flatMap { Int($0) } ?? 0
            let url = bed.servers.redis.url(login: login, database: database)
            let worker = try bed.startWorker(environment: ["REDIS_URL": url])

            for id in ["t-1", "t-2"] {
                try await bed.push(bed.task(id, video: video))
                try await bed.result(id, becomes: "SUCCESS", worker: worker)
            }
            let words = [
                "celery.events.refused", "celery.control.refused", "celery.unbound_queues",
            ]
            try await waitUntil("all is told", state: { worker.err }) {
                words.allSatisfy(worker.err.contains)
            }

            for word in words { #expect(worker.err.ranges(of: word).count == 1, "\(worker.err)") }
            try await bed.expectDrains(worker)
            _ = try await bed.redis.send(["ACL", "DELUSER", .text(bed.schema)])
        }
    }

    @Test func `a key of another type is named in the log, and nothing stops`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let (asker, list) = ("asker-" + bed.schema, "asker-\(bed.schema).reply.celery.pidbox")
            for key in ["_kombu.binding." + bed.queue, list, bed.key("askers:job-1")] {
                _ = try await bed.redis.send(["SET", .text(key), "no set"])
            }
            let member = CeleryKeys.binding(asker, to: list)
            _ = try await bed.redis.send(
                ["SADD", "_kombu.binding.reply.celery.pidbox", .text(member)]
            )
            let worker = try await bed.startCeleryWorker()

            try await ping(bed, from: asker)
            let document: [String: JSONValue] = [
                "id": "job-1", "publish_at": "2100-01-01T00:00:00Z",
            ]
            for id in ["t-1", "t-2"] { try await bed.push(bed.task(id, video: video, document)) }
            let words = ["celery.unbound_queues", "celery.control.unanswered", "celery.unasked"]
            try await waitUntil("all is told", state: { worker.err }) {
                words.allSatisfy(worker.err.contains)
            }

            #expect(worker.err.contains("WRONGTYPE"))
            try await bed.push(bed.task("t-3", video: video))
            try await bed.result("t-3", becomes: "SUCCESS", worker: worker)
            try await bed.expectDrains(worker)
        }
    }

    private func ping(_ bed: TestBed, from asker: String) async throws {
        let body: JSONValue = [
            "method": "ping", "arguments": [:], "ticket": "t",
            "reply_to": ["exchange": "reply.celery.pidbox", "routing_key": .string(asker)],
        ]
        let message: JSONValue = [
            "body": .string(body.encodedText), "content-type": "application/json", "headers": [:],
            "properties": [:],
        ]
        _ = try await bed.redis.send(
            ["PUBLISH", .text(bed.controlChannel), .bytes(message.encoded)]
        )
    }
}
