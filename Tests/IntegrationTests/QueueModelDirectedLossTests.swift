import Redis
import Testing

@testable import Publishing

extension QueueModelDirectedTests {
    @Test func `a job handed back before its account is known goes on after its wait`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            let handedBack = Settlement.park(for: .seconds(60), held.claim)

            #expect(try await scene.queue.settle(held.claim, as: handedBack))

            #expect(try await scene.claim().isEmpty)
            try await scene.advance(.seconds(60))
            #expect(try await scene.claim().map(\.ticket) == [held.claim.ticket])
        }
    }

    @Test func `a job in doubt is past cancelling`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(held) == .run)
            let doubt = Settlement.park(for: .seconds(60), stage: .reconcile, attempts: 0)
            #expect(try await scene.queue.settle(held.claim, as: doubt))

            #expect(try await scene.queue.cancel("job-1") == .ended)
            #expect(try await scene.claim().isEmpty)
            // A person may let it begin anew, and nothing of the request stays.
            #expect(try await scene.queue.revive(held.claim.ticket))
            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `a job that is out is past cancelling, and is not begun anew`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(held) == .run)
            let heldBack = Settlement.park(for: .seconds(60), stage: .moderation, attempts: 0)
            #expect(try await scene.queue.settle(held.claim, as: heldBack))

            #expect(try await scene.queue.cancel("job-1") == .ended)
            #expect(try await !scene.queue.revive(held.claim.ticket))
            #expect(try await scene.claim().isEmpty)
            // It keeps no other of its account waiting.
            let next = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(next) == .run)
        }
    }

    @Test func `jobs that were lost together before go on later, and apart`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            for number in 1...8 { try await scene.push("job-\(number)", of: "mira") }
            #expect(try await scene.claim(8).count == 8)
            try await scene.advance(.seconds(31))
            _ = try await scene.queue.recover(lookingAfter: [scene.name])
            #expect(try await scene.claim(8).count == 8)
            try await scene.advance(.seconds(31))
            let found = try await scene.queue.recover(lookingAfter: [scene.name])
            #expect(found.count == 8)
            #expect(found.nextTimer ?? .zero > .seconds(1))

            #expect(try await scene.claim(8).isEmpty)
            let timers = try await scene.redis.send(
                ["ZRANGE", .text(scene.queue.keys.timers(of: scene.name)), 0, -1, "WITHSCORES"]
            )
            let parts = (timers.array ?? []).compactMap(\.text)
            let dues = stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
            #expect(Set(dues).count == 8)
            try await scene.advance(.seconds(10))
            #expect(try await scene.claim(8).count == 8)
        }
    }

    @Test func `thousands of verdicts that must wait are put off and not lost`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let fill = """
                for i = 1, 5000 do
                  redis.call('HSET', ARGV[1] .. i, 'document', '{}', 'queue', ARGV[3],
                    'received', 0, 'stage', 'watch', 'account', 'mira')
                  redis.call('LPUSH', ARGV[2], i)
                end
                """
            let keys = scene.queue.keys
            _ = try await scene.redis.run(
                RedisScript(name: "fill", source: fill),
                keys: [],
                arguments: [
                    .text(keys.job("")), .text(keys.ready(of: scene.name)), .text(scene.name),
                ]
            )

            var claimed = 0
            for _ in 0..<10 { claimed += try await scene.claim(200).count }

            #expect(claimed == 100)
            let waiting = ["ZCARD", .text(keys.timers(of: scene.name))] as [RedisArgument]
            #expect(try await scene.redis.send(waiting).integer == 4900)
        }
    }
}
