import Testing

@testable import Publishing

/// Word from TikTok, and where it finds the job.
extension QueueModelDirectedTests {
    private static let parked = Settlement.park(for: .seconds(900), stage: .watch, attempts: 0)

    @Test(arguments: [Claim.Stage.watch, .reconcile, .moderation])
    func `word from TikTok makes the next question due`(_ stage: Claim.Stage) async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            let parked = Settlement.park(for: .seconds(900), stage: stage, attempts: 0)
            #expect(try await scene.queue.settle(held.claim, as: parked))
            #expect(try await scene.claim().isEmpty)

            try await scene.queue.hint([held.claim.ticket, "no-such-ticket"])

            let again = try await scene.take()
            #expect(again.claim.ticket == held.claim.ticket && again.claim.stage == stage)
            #expect(try await scene.claim().isEmpty)
        }
    }

    @Test func `word that comes while a worker asks is not lost, and counts once`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            try await scene.queue.hint([held.claim.ticket])
            #expect(try await scene.claim().isEmpty)
            #expect(try await scene.queue.settle(held.claim, as: Self.parked))

            let again = try await scene.take()
            #expect(again.claim.ticket == held.claim.ticket)
            #expect(try await scene.queue.settle(again.claim, as: Self.parked))
            #expect(try await scene.claim().isEmpty)
        }
    }

    @Test func `word of a post does not let a job post before its time`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            let backoff = Settlement.park(for: .seconds(900), stage: .post, attempts: 1)
            try await scene.queue.hint([held.claim.ticket])
            #expect(try await scene.queue.settle(held.claim, as: backoff))

            try await scene.queue.hint([held.claim.ticket])

            #expect(try await scene.claim().isEmpty)
            try await scene.advance(.seconds(900))
            #expect(try await scene.claim().count == 1)
        }
    }

    @Test func `words of many posts ask no more often than the minute allows`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(calls: 1000)) { scene in
            var tickets: [String] = []
            for number in 1...150 {
                let held = try await scene.takeNew("job-\(number)", of: "mira")
                _ = try await scene.admit(held)
                #expect(try await scene.queue.settle(held.claim, as: Self.parked))
                tickets.append(held.claim.ticket)
            }

            try await scene.queue.hint(tickets)

            #expect(try await scene.claim(200).count == 100)
            try await scene.advance(.seconds(67))
            #expect(try await scene.claim(200).count == 50)
        }
    }
}
