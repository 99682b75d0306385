import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Messages that are not read, and who is told all the same.
@Suite(.timeLimit(.minutes(10)))
struct CeleryUnreadTests {
    private static func long(_ bytes: Int) -> JSONValue {
        ["title": .string(String(repeating: "é\"\\", count: bytes / 4))]
    }

    @Test func `the caller of a message that is too long is told by its envelope`() async throws {
        try await TestBed.runTasks { bed in
            let worker = try bed.startWorker()
            var escaped = TestBed.message("t-3", [:]).object ?? [:]
            escaped["properties"] = ["correlation_id": "t-3", "body_encoding": .null]
            escaped["headers"] = [:]
            let one: JSONValue = ["task": "publish_post_task", "kwargs": Self.long(300_000)]
            escaped["body"] = .string(one.encodedText)
            let mail: [String: JSONValue] = ["task": "send_mail"]

            try await bed.push(
                TestBed.message("t-1", Self.long(300_000)),
                TestBed.message("t-2", Self.long(2_000_000), headers: mail),
                .object(escaped),
                TestBed.message("t-4", Self.long(4_200_000))
            )
            try await bed.awaitDead(4)

            for (id, type) in [
                ("t-1", "InvalidTaskError"), ("t-2", "NotRegistered"), ("t-3", "InvalidTaskError"),
            ] {
                let result = try await bed.result(id, becomes: "FAILURE", worker: worker)
                #expect(result["result"]?["exc_type"]?.string == type, "\(result)")
            }
            let words = try await bed.result("t-1")?["result"]?["exc_message"]?.array?.first?.string
            #expect(words?.contains("must have at most 262144 bytes") == true)
            #expect(try await bed.row("t-1")?.status == .rejected)
            #expect(try await bed.row("t-2") == nil)
            #expect(try await bed.result("t-4") == nil)
            try await bed.expectDrains(worker)
        }
    }

    @Test func `of a job that kills its workers the caller is told, if anybody has read it`()
        async throws
    {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 1000)
            let worker = try bed.startWorker()
            let later: [String: JSONValue] = ["publish_at": .time(Date.now + 3600)]
            let ids = ["read", "unread", "deadly"]
            for id in ids { try await bed.push(bed.task(id, video: video, later)) }
            for id in ids {
                _ = try await bed.row(id, "waits", worker: worker) { $0.waitingFor == "schedule" }
            }
            try await bed.expectDrains(worker)

            for (id, deliveries) in zip(ids, [8, 8, 12]) {
                let ticket = try await bed.redis.send(["GET", .text(bed.key("owner:" + id))])
                let name = try #require(ticket.text)
                let job = RedisArgument.text(bed.key("job:" + name))
                let timers = RedisArgument.text(bed.key("timers:" + bed.queue))
                try await bed.redis.sendAll([
                    ["HSET", job, "deliveries", .integer(Int64(deliveries))],
                    ["ZADD", timers, 0, .text(name)],
                ])
                if id == "unread" { _ = try await bed.redis.send(["HDEL", job, "id"]) }
            }
            let next = try bed.startWorker("next")
            try await bed.awaitDead(3)

            let result = try await bed.result("read", becomes: "FAILURE", worker: next)
            #expect(result["result"]?["exc_message"]?.array?.first == "worker_killed")
            let row = try #require(try await bed.row("read"))
            #expect(row.status == .failed && row.errorCode == "worker_killed")
            #expect(bed.sandbox.report().requests.isEmpty)
            for id in ["unread", "deadly"] {
                #expect(try await bed.result(id)?["status"] == "RECEIVED")
                #expect(try await bed.row(id)?.status == .waiting)
            }
            try await bed.expectDrains(next)
        }
    }
}
