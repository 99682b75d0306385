import Foundation
import HTTP
import JSON
import PrivateServers
import Processes
import Publishing
import Redis
import Support
import Testing

/// What a worker answers to whoever knocks at the door for webhooks.
@Suite(.timeLimit(.minutes(10)))
struct WebhookDoorTests {
    private static let good = WebhookCaller.post("complete", "v_pub_file~v2-1.1")

    struct Knock: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let change: @Sendable (inout WebhookCaller.Message) -> Void

        init(
            _ name: String,
            _ status: Int,
            _ change: @escaping @Sendable (inout WebhookCaller.Message) -> Void
        ) {
            testDescription = name
            self.status = status
            self.change = change
        }
    }

    private static func digest(_ body: [UInt8]) -> String {
        let now = Int64(Date.now.timeIntervalSince1970)
        return WebhookCaller.signature(of: body, secret: WebhookCaller.secret, at: now)
    }

    static let refused: [Knock] = [
        Knock("another method", 405) { $0.method = "GET" },
        Knock("a method that changes", 405) { $0.method = "PUT" },
        Knock("another path", 404) { $0.path = "/" },
        Knock("a path that goes on", 404) { $0.path = "/webhooks/tiktok/" },
        Knock("no signature", 401) { $0.headers = [:] },
        Knock("a broken signature", 401) { $0.headers = ["TikTok-Signature": "t=1,s=x"] },
        Knock("two signatures", 401) { message in
            var headers: HTTPHeaders = ["TikTok-Signature": digest(message.body)]
            headers.add("TikTok-Signature", digest(message.body))
            message.headers = headers
        },
        Knock("another secret", 401) { $0.secret = "sandbox-client-secre" },
        Knock("an empty secret", 401) { $0.secret = "" },
        Knock("another body", 401) { message in
            message.headers = ["TikTok-Signature": digest(message.body + [0x20])]
        },
        Knock("a time that was not signed", 401) { message in
            let other = digest(message.body).replacing("t=", with: "t=0")
            message.headers = ["TikTok-Signature": other]
        },
        Knock("older than TikTok repeats", 401) { $0.time = -262_860 },
        Knock("from the future", 401) { $0.time = 600 },
        Knock("a body larger than any message", 413) {
            $0.body += [UInt8](repeating: 0x20, count: 64 * 1024)
        },
        Knock("garbage", 400) { $0.body = Array("not JSON".utf8) },
        Knock("no body", 400) { $0.body = [] },
        Knock("another app", 403) {
            $0.body =
                WebhookCaller.message(
                    "post.publish.complete",
                    clientKey: "other",
                    ["publish_id": "p"]
                ).body
        },
        Knock("a post without a publish id", 400) {
            $0.body = WebhookCaller.message("post.publish.complete", [:]).body
        },
    ]

    @Test func `who is not TikTok, or sends what is none of its messages, is refused untold`()
        async throws
    {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                for knock in Self.refused {
                    var message = Self.good
                    knock.change(&message)
                    let answer = try await caller.send(message)
                    #expect(answer.status == knock.status, "\(knock.testDescription)")
                    let words = String(decoding: answer.body, as: UTF8.self)
                    #expect(words.isEmpty || knock.status == 413, "\(words)")
                }
                #expect(try await bed.notes() == 0)

                #expect(try await caller.send(Self.good).status == 200)
                #expect(try await bed.notes() == 1)
            }
            #expect(try await worker.hasLines(1, with: "webhook.refused", "reason=stale", "age="))
            for words in ["-000-mira", "publish_type", WebhookCaller.secret, "not JSON"] {
                #expect(!worker.err.contains(words), "\(words)")
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a crowd of strangers keeps none of TikTok's messages out`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            let statuses = try await WebhookCaller.run(to: worker) { caller in
                try await withThrowingTaskGroup(of: [Int].self) { crowd in
                    for number in 0..<8 {
                        crowd.addTask { try await Self.crowd(caller, isUnsigned: number < 4) }
                    }
                    for _ in 0..<100 {
                        #expect(try await caller.send(Self.good).status == 200)
                    }
                    return try await crowd.reduce(into: []) { $0 += $1 }
                }
            }
            #expect(Set(statuses) == [401, 429])
            #expect(try await bed.notes() == 1)
            #expect(try await worker.hasLines(1, with: "webhook.refused", "reason=crowd"))
            #expect(worker.lines(with: "webhook.refused", "reason=flood").isEmpty)
            try await bed.expectDrains(worker)
        }
    }

    /// Requests that TikTok has not signed, one after another.
    private static func crowd(_ caller: WebhookCaller, isUnsigned: Bool) async throws -> [Int] {
        var message = good
        if isUnsigned { message.headers = [:] } else { message.secret = "another" }
        var statuses: [Int] = []
        for _ in 0..<400 { statuses.append(try await caller.send(message).status) }
        return statuses
    }

    @Test func `slow and broken senders are let go, and keep nobody else away`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                let head = "POST /webhooks/tiktok HTTP/1.1\r\nHost: x\r\n"
                let signed = head + "TikTok-Signature: \(Self.digest([]))\r\n"
                async let slow = caller.sendRaw(signed + "Content-Length: 100\r\n\r\n{")
                async let headless = caller.sendRaw(head)
                async let huge = caller.sendRaw(signed + "Content-Length: 99999999999\r\n\r\n{")
                async let chunked = caller.sendRaw(
                    signed + "Transfer-Encoding: chunked\r\n\r\n20000\r\n"
                )

                let meanwhile = try await caller.send(Self.good).status
                #expect(meanwhile == 200)

                #expect(await slow == "HTTP/1.1 408")
                #expect(await headless == "HTTP/1.1 408")
                #expect(await huge == "HTTP/1.1 413")
                #expect(await chunked == "HTTP/1.1 413")
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what nobody has a use for is taken once and told once`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                for _ in 0..<3 {
                    let message = WebhookCaller.message("video.upload.failed", ["share_id": "x"])
                    #expect(try await caller.send(message).status == 200)
                }
                #expect(try await bed.notes() == 0)

                for _ in 0..<3 { #expect(try await caller.send(Self.good).status == 200) }
                #expect(try await bed.notes() == 1)
                try await bed.newsAreFollowed(1, worker)
            }
            let event = "tiktok_event=video.upload.failed"
            #expect(try await worker.hasLines(1, with: "webhook.unknown", event))
            #expect(try await worker.hasLines(1, with: "webhook.followed", "known=false"))
            try await bed.expectDrains(worker)
        }
    }

    @Test func `a replay of what was sent within 72 hours changes nothing`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                var old = Self.good
                old.time = -259_200
                #expect(try await caller.send(old).status == 200)
                try await bed.newsAreFollowed(1, worker)

                for _ in 0..<5 { #expect(try await caller.send(old).status == 200) }

                #expect(try await bed.notes() == 1)
                #expect(try await worker.hasLines(1, with: "webhook.followed"))
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what cannot be kept is not taken, so that TikTok sends it again`() async throws {
        try await TestBed.run(TestBed.webhooks, hasOwnServers: true) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                await bed.servers.postgres.stop()
                let away = try await caller.send(Self.good)
                #expect(away.status == 503 && away.headers["Retry-After"] != nil)

                try await bed.servers.postgres.restart()
                try await waitUntil("a 200", state: { worker.err }) {
                    try await caller.send(Self.good).status == 200
                }
                #expect(try await bed.notes() == 1)

                // Redis away: it is safe, and followed when Redis is back.
                await bed.servers.redis.stop()
                let second = WebhookCaller.post("failed", "v_pub_file~v2-1.1")
                #expect(try await caller.send(second).status == 200)
                try await bed.servers.redis.restart()
                try await bed.newsAreFollowed(2, worker)
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `workers share an address, and one takes over when another ends`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            let first = try bed.startWorker("first")
            let port = try await first.webhookPort()
            let address = ["WEBHOOK_ADDRESS": "127.0.0.1:\(port)"]
            let second = try bed.startWorker("second", environment: address)
            try await waitUntil("the word of it", state: { second.err }) {
                second.lines(with: "webhook.address_taken").count == 1
            }

            try await bed.expectDrains(first)

            #expect(try await second.webhookPort() == port)
            let status = try await WebhookCaller.run(to: second) { caller in
                try await caller.send(Self.good).status
            }
            #expect(status == 200)
            try await bed.expectDrains(second)
        }
    }

    @Test func `a worker that can never listen there says so and ends`() async throws {
        try await TestBed.run(TestBed.webhooks) { bed in
            // An address for documentation: no machine has it.
            let strange = try await bed.run(
                "work",
                environment: ["WEBHOOK_ADDRESS": "192.0.2.1:9443"]
            )
            #expect(strange.code == 1 && strange.err.contains("WEBHOOK_ADDRESS"), "\(strange)")

            for setting in ["TIKTOK_CLIENT_SECRET", "TIKTOK_CLIENT_KEY"] {
                let unset = try await bed.run("work", environment: [setting: ""])
                #expect(unset.code == 78 && unset.err.contains(setting), "\(unset)")
            }
        }
    }
}
