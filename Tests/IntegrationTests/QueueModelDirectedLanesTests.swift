import Redis
import Testing

@testable import Publishing

/// Posts and drafts of one account, and what changes while a job is in a worker's hands.
extension QueueModelDirectedTests {
    @Test func `what holds an account's drafts does not hold its posts`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            let draft = try await scene.takeNew("draft-1", of: "mira", .draft)
            #expect(try await scene.admit(draft) == .run)
            var held = Settlement.park(for: .seconds(3600), stage: .post, attempts: 0)
            held.holdAccount = .seconds(3600)
            held.holdsFor = .draftLimit
            held.slot = .kept
            #expect(try await scene.queue.settle(draft.claim, as: held))

            let post = try await scene.takeNew("post-1", of: "mira")
            #expect(try await scene.admit(post) == .run)
            let next = try await scene.takeNew("draft-2", of: "mira", .draft)
            #expect(try await scene.admit(next).reason == .accountBusy)
            // The hold says what it is for.
            #expect(try await scene.queue.settle(post.claim, as: .done()))
            try await scene.advance(.seconds(3599))
            #expect(try await scene.claim().isEmpty)
            _ = try await scene.queue.cancel("draft-1")
            let cancelled = try await scene.take()
            #expect(try await scene.admit(cancelled) == .cancelled)
            #expect(try await scene.queue.settle(cancelled.claim, as: .done()))
            #expect(try await scene.admit(try await scene.take()).reason == .draftLimit)
        }
    }

    @Test func `whoever waits for the other kind to transfer goes on the moment it is through`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            let post = try await scene.takeNew("post-1", of: "mira")
            #expect(try await scene.admit(post) == .run)
            let draft = try await scene.takeNew("draft-1", of: "mira", .draft)
            #expect(try await scene.admit(draft).reason == .accountBusy)
            #expect(try await scene.claim().isEmpty)

            #expect(try await scene.queue.settle(post.claim, as: .done()))

            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `an account that becomes free before a job is parked does not let it sleep`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            let post = try await scene.takeNew("post-1", of: "mira")
            #expect(try await scene.admit(post) == .run)
            let draft = try await scene.takeNew("draft-1", of: "mira", .draft)
            guard case .wait(let wait) = try await scene.ask(draft) else {
                Issue.record("both run")
                return
            }

            #expect(try await scene.queue.settle(post.claim, as: .done()))
            try await scene.park(draft, wait)

            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `a place of the day that is given back goes to whoever waits for one`() async throws
    {
        let limits = QueueModelScene.limits(posts: 2)
        try await QueueModelScene.run(limits: limits) { scene in
            let first = try await scene.takeNew("post-1", of: "mira")
            #expect(try await scene.admit(first) == .run)
            let second = try await scene.takeNew("post-2", of: "mira")
            #expect(try await scene.admit(second) == .run)
            let third = try await scene.takeNew("post-3", of: "mira")
            #expect(try await scene.admit(third).reason == .dailyLimit)
            let fourth = try await scene.takeNew("post-4", of: "mira")
            guard case .wait(let wait) = try await scene.ask(fourth) else {
                Issue.record("a third runs")
                return
            }

            #expect(try await scene.queue.settle(first.claim, as: .done(givesPostBack: true)))
            #expect(try await scene.admit(try await scene.take()) == .run)
            // Also when it is told to wait only now.
            try await scene.park(fourth, wait)
            #expect(try await scene.admit(try await scene.take()).reason == .dailyLimit)

            #expect(try await scene.queue.settle(second.claim, as: .done()))
            #expect(try await scene.claim().isEmpty)
        }
    }

    @Test func `an account that is resumed before a job is parked does not let it sleep`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            try await scene.queue.pause(.account("mira"), because: "no", for: .seconds(3600))
            let held = try await scene.takeNew("job-1", of: "mira")
            guard case .wait(let wait) = try await scene.ask(held) else {
                Issue.record("it runs")
                return
            }

            #expect(try await scene.queue.resume(.account("mira")))
            try await scene.park(held, wait)

            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `a pause that is made shorter wakes those that sleep by the longer one`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            try await scene.queue.pause(.account("mira"), because: "no", for: .seconds(90_000))
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(held).reason == .accountPaused)

            try await scene.queue.pause(.account("mira"), because: "no", for: .seconds(60))
            #expect(try await scene.admit(try await scene.take()).reason == .accountPaused)
            try await scene.advance(.seconds(62))

            #expect(try await scene.admit(try await scene.take()) == .run)
        }
    }

    @Test func `a request to cancel lasts as long as its job waits`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.admit(held) == .run)
            #expect(try await scene.queue.settle(held.claim, as: .park(for: .zero, held.claim)))
            #expect(try await scene.queue.cancel("job-1") == .waiting)
            #expect(try await scene.queue.cancel("never-pushed") == .unseen)

            try await scene.advance(.seconds(8 * 86_400))
            _ = try await scene.queue.cancel("another")

            let requests = try await scene.redis.send(["ZRANGE", "{model}:cancels", 0, -1])
            #expect(Set((requests.array ?? []).compactMap(\.text)) == ["another", "job-1"])
            #expect(try await scene.admit(try await scene.take()) == .cancelled)
        }
    }

    @Test func `of two slots that become one, one job runs`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 2)) { scene in
            let first = try await scene.takeNew("job-1", of: "mira")
            let second = try await scene.takeNew("job-2", of: "mira")
            #expect(try await scene.admit(first) == .run)
            #expect(try await scene.admit(second) == .run)
            for number in 3...4 {
                let held = try await scene.takeNew("job-\(number)", of: "mira")
                #expect(try await scene.admit(held).reason == .accountBusy)
            }
            let fewer = scene.with(QueueModelScene.limits(slots: 1))

            #expect(try await scene.queue.settle(first.claim, as: .done()))
            let third = try await fewer.take()
            #expect(try await fewer.admit(third).reason == .accountBusy)
            #expect(try await scene.queue.settle(second.claim, as: .done()))
            var ran = 0
            while let held = try await fewer.claim(1).first.map({
                QueueModelScene.Held(claim: $0, job: try PublishJob($0))
            }) {
                guard try await fewer.admit(held) == .run else { continue }
                ran += 1
                // No other runs meanwhile.
                if let other = try await fewer.claim(1).first {
                    let held = QueueModelScene.Held(claim: other, job: try PublishJob(other))
                    #expect(try await fewer.admit(held).reason == .accountBusy)
                }
                #expect(try await scene.queue.settle(held.claim, as: .done()))
            }
            #expect(ran == 2)
        }
    }

    @Test func `what is revoked while its worker parks it is looked at again at once`()
        async throws
    {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.ask(held) == .run)
            #expect(try await scene.queue.cancelUnlessBegun("job-1") == nil)
            var parked = Settlement.park(for: .seconds(864_000), held.claim)
            parked.slot = .freed
            #expect(try await scene.queue.settle(held.claim, as: parked))

            let again = try await scene.take()
            #expect(again.job.id == "job-1")
            #expect(try await scene.queue.settle(again.claim, as: parked))
            #expect(try await scene.claim().isEmpty)
        }
    }

    @Test func `a slot more is the line's, and not for whoever comes next`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits(slots: 1)) { scene in
            #expect(try await scene.admit(try await scene.takeNew("job-1", of: "mira")) == .run)
            for number in 2...3 {
                let held = try await scene.takeNew("job-\(number)", of: "mira")
                #expect(try await scene.admit(held).reason == .accountBusy)
            }
            let more = scene.with(QueueModelScene.limits(slots: 2))
            let last = try await more.takeNew("job-4", of: "mira")
            #expect(try await more.admit(last).reason == .accountBusy)

            let second = try await more.take()
            #expect(second.job.id == "job-2")
            #expect(try await more.admit(second) == .run)
            #expect(try await more.claim().isEmpty)
            #expect(try await more.queue.settle(second.claim, as: .done()))
            let third = try await more.take()
            #expect(third.job.id == "job-3")
            #expect(try await more.admit(third) == .run)
        }
    }

    @Test func `a key that is no list keeps nobody from the other lists`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let wrong = QueueKeys.sources(of: scene.name)[1]
            _ = try await scene.redis.send(["SET", .text(wrong), "no list"])
            try await scene.push("job-1", of: "mira")

            let caught = try await scene.queue.claim(from: scene.name, on: scene.terms(3))

            #expect(caught.jobs.count == 1 && caught.broken == wrong)
        }
    }

    @Test func `jobs that were parked can be taken without any fresh one`() async throws {
        try await QueueModelScene.run(limits: QueueModelScene.limits()) { scene in
            let held = try await scene.takeNew("job-1", of: "mira")
            #expect(try await scene.queue.settle(held.claim, as: .park(for: .zero, held.claim)))
            try await scene.push("job-2", of: "mira")

            let caught = try await scene.queue.claim(from: scene.name, on: scene.terms(9, .never))

            #expect(caught.jobs.map(\.ticket) == [held.claim.ticket])
        }
    }
}
