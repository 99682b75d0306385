import Foundation
import JSON
import Testing
import TikTok

@testable import Publishing

/// What a job pushed now would wait for, by the counts of its account.
struct OutlookTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let later = now + 600

    private static func count(_ next: Admission.Count.Next = .now) -> Admission.Count {
        Admission.Count(used: next == .now ? 0 : 3, cap: 3, next: next)
    }

    private struct Scene {
        var running = 0
        var inLine = 0
        var posts = count()
        var drafts = count()
        var accounts = count()
        var call: (Endpoint, Admission.Count) = (.postStatus, count())
        var postHold: Admission.Hold?
        var pause: Admission.Pause?

        var usage: Admission.Usage {
            Admission.Usage(
                running: running,
                inLine: inLine,
                posts: posts,
                drafts: drafts,
                activeAccounts: accounts,
                calls: [(endpoint: call.0, count: call.1)],
                postHold: postHold,
                draftHold: nil,
                pause: pause
            )
        }

        func waits(_ changes: [String: JSONValue] = [:]) throws -> [String] {
            let job = try Document.read(Document.with(changes))
            return usage.prospects(for: job, slots: 1, now: now).map { prospect in
                (prospect.waitingFor?.rawValue ?? "")
                    + (prospect.until.map { " \(Int($0.timeIntervalSince(now)))" } ?? "")
            }
        }
    }

    private static let draft: [String: JSONValue] = ["mode": "draft", "privacy": .null]

    @Test func `each limit is a wait of its own, in the order of the queue's`() throws {
        var scene = Scene()
        #expect(try scene.waits().isEmpty)
        let time = JSONValue.time(Self.later)
        #expect(try scene.waits(["publish_at": time]) == ["schedule 600"])
        #expect(try scene.waits(["publish_at": .time(Self.now - 1)]).isEmpty)

        scene.running = 1
        scene.pause = Admission.Pause(reason: "holiday", until: nil)
        scene.postHold = Admission.Hold(
            until: Self.later,
            waitingFor: .rateLimit,
            reason: "rate_limit_exceeded"
        )
        scene.posts = Self.count(.at(Self.later))
        scene.accounts = Self.count(.at(Self.later + 60))
        scene.call = (.videoInit, Self.count(.at(Self.now + 5)))

        let expected = [
            "schedule 600", "account_busy", "account_paused", "rate_limit 600", "daily_limit 600",
            "daily_limit 660", "rate_limit 5",
        ]
        #expect(try scene.waits(["publish_at": time]) == expected)
        // Of a draft neither the posts nor their hold nor the other init.
        #expect(try scene.waits(Self.draft) == ["account_busy", "account_paused"])
    }

    @Test func `a draft waits for what drafts wait for`() throws {
        var scene = Scene()
        scene.drafts = Self.count(.at(Self.later))
        scene.inLine = 4
        scene.call = (.inboxVideoInit, Self.count(.at(Self.now + 5)))

        #expect(try scene.waits() == ["account_busy"])
        #expect(
            try scene.waits(Self.draft) == ["account_busy", "draft_limit 600", "rate_limit 5"]
        )
    }

    @Test func `a limit of zero is nothing to wait for`() throws {
        var scene = Scene()
        scene.posts = Self.count(.never)

        #expect(try scene.waits().isEmpty)
        #expect(scene.usage.excludes(.direct) && !scene.usage.excludes(.draft))
    }

    @Test func `a call that the minute has no room for is not allowed`() {
        var scene = Scene()
        scene.call = (.creatorInfo, Self.count(.at(Self.later)))

        #expect(!scene.usage.allows(.creatorInfo) && scene.usage.allows(.videoInit))
    }
}
