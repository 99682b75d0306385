import Redis
import Testing
import TikTok

@testable import Publishing

/// Guards that no random run can be trusted to miss, because without them things only come later,
/// or because they need numbers or times that no run comes to.
@Suite(.serialized)
struct QueueModelDirectedTests {
    @Test func `a redelivered job counts once against its account's day`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(posts: 2)) { scene in
            let first = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(first) == .run)
            for _ in 0..<3 {
                try await scene.advance(.seconds(31))
                #expect(try await scene.queue.recover(lookingAfter: [scene.name]).count == 1)
                // One that was lost before goes on a little later.
                try await scene.advance(.seconds(30))
                #expect(try await scene.admit(try await scene.take()) == .run)
            }

            let second = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(second) == .run)
            let third = try await scene.takeNew("job-3", of: "mira")
            #expect(try await scene.admit(third).reason == .dailyLimit)
        }
    }

    @Test func `an account's day begins with its latest init, also among accounts`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(accounts: 1)) { scene in
            let mira = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(mira) == .run)
            try await scene.advance(.seconds(600))
            let pacer = Pacer(scene.admission, mira.job, mira.claim, countedAt: nil)
            try await pacer.pass(.videoInit)
            #expect(try await scene.queue.settle(mira.claim, as: .done()))

            try await scene.advance(.seconds(86_400 - 300))
            let ravi = try await scene.takeNew("job-2", of: "ravi")
            #expect(try await scene.admit(ravi).reason == .dailyLimit)
        }
    }

    @Test func `a post given back leaves its account active for its earlier posts`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(accounts: 1)) { scene in
            let early = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(early) == .run)
            #expect(try await scene.queue.settle(early.claim, as: .done()))
            try await scene.advance(.seconds(3600))
            let late = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(late) == .run)
            #expect(try await scene.queue.settle(late.claim, as: .done(givesPostBack: true)))

            let ravi = try await scene.takeNew("job-3", of: "ravi")
            #expect(try await scene.admit(ravi).reason == .dailyLimit)
            try await scene.advance(.seconds(86_400 - 3600 + 2))
            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `a post given back frees the place of an account with none left`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(accounts: 1)) { scene in
            let mira = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(mira) == .run)
            #expect(try await scene.queue.settle(mira.claim, as: .done(givesPostBack: true)))

            let ravi = try await scene.takeNew("job-2", of: "ravi")
            #expect(try await scene.admit(ravi) == .run)
        }
    }

    @Test func `a fence that Redis has lost is never given out again`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let first = try await scene.takeNew("job-1", of: "mira")
            _ = try await scene.redis.send(["SET", "{model}:fence", 0])

            // Nothing was recorded under the lost fence, so PostgreSQL knows no higher one than 0.
            _ = try await scene.queue.raiseFence(above: 0)

            let second = try await scene.takeNew("job-2", of: "mira")
            #expect(second.claim.fence > first.claim.fence)
        }
    }

    @Test func `a document that is too long comes as its length alone`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            for bytes in [PublishJob.documentBytesMax, PublishJob.documentBytesMax + 1] {
                let document = [UInt8](repeating: 0x20, count: bytes)
                _ = try await scene.queue.push(document, onto: scene.name)
            }

            let claims = try await scene.claim(2)

            #expect(claims.map(\.documentBytes) == [262_144, 262_145])
            #expect(claims.map(\.document.count) == [262_144, 0])
        }
    }

    @Test func `of more than 10 000 dead letters the oldest go first`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let oldest = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(oldest) == .run)
            let dead = Settlement.dead(reason: "no", attempts: 1, givesPostBack: true)
            #expect(try await scene.queue.settle(oldest.claim, as: dead))
            try await scene.advance(.seconds(1))
            let fill = """
                for i = 1, 9999 do redis.call('ZADD', ARGV[1], ARGV[2], 'old-' .. i) end
                """
            _ = try await scene.redis.run(
                RedisScript(name: "fill", source: fill),
                keys: [],
                arguments: [.text(scene.queue.keys.dead), 1_700_000_001_000]
            )
            try await scene.advance(.seconds(1))
            let last = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.queue.settle(last.claim, as: dead))

            let key = scene.queue.keys.dead
            #expect(try await scene.redis.send(["ZCARD", .text(key)]).integer ?? 0 <= 10_000)
            let score = try await scene.redis.send(
                ["ZSCORE", .text(key), .text(oldest.claim.ticket)]
            )
            #expect(score.isNull)
            let job = scene.queue.keys.job(oldest.claim.ticket)
            #expect(try await scene.redis.send(["EXISTS", .text(job)]).integer == 0)
            #expect(
                try await scene.queue.deadTickets(from: 0, atMost: 1).first?.ticket
                    == last.claim.ticket
            )
        }
    }

    @Test func `an account's line is served in the order of its jobs`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            let first = try await scene.takeNew("job-0", of: "mira")
            #expect(try await scene.admit(first) == .run)
            for number in 1...5 {
                let held = try await scene.takeNew("job-\(number)", of: "mira")
                #expect(try await scene.admit(held).reason == .accountBusy)
            }

            var order: [String] = []
            var held = first
            while true {
                order.append(held.job.id)
                #expect(try await scene.queue.settle(held.claim, as: .done()))
                guard let next = try await scene.claim(8).first else { break }
                held = QueueModelScene.Held(claim: next, job: try PublishJob(next))
                #expect(try await scene.admit(held) == .run)
            }

            #expect(order == (0...5).map { "job-\($0)" })
        }
    }

    @Test func `whoever was claimed first stands first, however late its worker says so`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            let first = try await scene.takeNew("job-0", of: "mira")
            #expect(try await scene.admit(first) == .run)
            for number in 1...6 { try await scene.push("job-\(number)", of: "mira") }
            let held = try await scene.claim(6).map {
                QueueModelScene.Held(claim: $0, job: try PublishJob($0))
            }
            for index in [2, 0, 5, 4, 1, 3] {
                #expect(try await scene.admit(held[index]).reason == .accountBusy)
            }

            #expect(try await scene.queue.settle(first.claim, as: .done()))
            var order: [String] = []
            while let next = try await scene.claim(8).first {
                order.append(try PublishJob(next).id)
                #expect(try await scene.queue.settle(next, as: .done()))
            }

            #expect(order == (1...6).map { "job-\($0)" })
        }
    }

    @Test func `calls that were counted and not made leave the account's minute`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(calls: 2)) { scene in
            let made = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(made) == .run)
            try await scene.advance(.seconds(30))
            let refused = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(refused) == .run)
            let late = try await scene.takeNew("job-3", of: "mira")
            #expect(try await scene.ask(late).reason == .rateLimit)

            let dead = Settlement.dead(reason: "media", attempts: 1, givesPostBack: true)
            let uncalled = refused.job.beginsWith
            #expect(try await scene.queue.settle(refused.claim, as: dead, uncalled: uncalled))

            #expect(try await scene.ask(late) == .run)
            // Only its own were given back, not the earlier ones.
            let last = try await scene.takeNew("job-4", of: "mira")
            #expect(try await scene.ask(last).reason == .rateLimit)
            try await scene.advance(.seconds(37))
            #expect(try await scene.ask(last) == .run)
        }
    }

    @Test func `whoever waits for a limit keeps the account's slot, so nobody passes`() async throws
    {
        let limits = QueueModelScene.limits(slots: 1, calls: 1)
        try await QueueModelScene.run(limits: limits) { scene in
            let first = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(first) == .run)
            #expect(try await scene.queue.settle(first.claim, as: .done()))
            let second = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(second).reason == .rateLimit)
            let third = try await scene.takeNew("job-3", of: "mira")
            #expect(try await scene.admit(third).reason == .accountBusy)

            try await scene.advance(.seconds(68))

            let next = try await scene.take()
            #expect(next.job.id == "job-2")
            #expect(try await scene.admit(next) == .run)
        }
    }

    @Test func `a queue that is paused without an end gives nothing until resumed`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            try await scene.push("job-1", of: "mira")
            try await scene.queue.pause(.queue(scene.name), because: "somebody", for: nil)
            #expect(try await scene.claim().isEmpty)
            try await scene.advance(.seconds(400 * 86_400))
            #expect(try await scene.claim().isEmpty)

            #expect(try await scene.queue.resume(.queue(scene.name)))

            #expect(try await scene.claim().count == 1)
        }
    }

    @Test func `a shorter hold does not end a longer one`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            for id in ["job-1", "job-2"] { try await scene.push(id, of: "mira") }
            let held = try await scene.claim(2)
            for claim in held {
                let job = try PublishJob(claim)
                #expect(try await scene.admit(.init(claim: claim, job: job)) == .run)
            }
            for (claim, seconds) in zip(held, [3600, 60]) {
                var settlement = Settlement.park(for: .seconds(7200), claim)
                settlement.holdAccount = .seconds(seconds)
                #expect(try await scene.queue.settle(claim, as: settlement))
            }

            try await scene.advance(.seconds(120))

            let third = try await scene.takeNew("job-3", of: "mira")
            #expect(try await scene.admit(third).reason == .accountPaused)
        }
    }

    @Test func `an account that only waits for a minute's limit takes no other's place`()
        async throws
    {
        let limits = QueueModelScene.limits(accounts: 1, calls: 1)
        try await QueueModelScene.run(limits: limits) { scene in
            let failed = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(failed) == .run)
            #expect(try await scene.queue.settle(failed.claim, as: .done(givesPostBack: true)))
            let waiting = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(waiting).reason == .rateLimit)

            let ravi = try await scene.takeNew("job-3", of: "ravi")

            #expect(try await scene.admit(ravi) == .run)
        }
    }
}
