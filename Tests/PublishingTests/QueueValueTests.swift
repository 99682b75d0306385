import Foundation
import Redis
import Testing

@testable import Publishing

/// The queue's pure parts: waits, orders, leases, settlements and names.
struct QueueValueTests {
    // MARK: Retries

    private let policy = RetryPolicy(base: .seconds(5), ceiling: .seconds(1800))

    @Test func `the longest wait doubles with each failure, up to the ceiling`() {
        let tops = (1...12).map {
            policy.wait(afterAttempts: $0, of: 50, random: 0.5).map { $0 * 2 }
        }

        let seconds = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800]
        #expect(tops == seconds.map(Duration.seconds))
    }

    @Test(arguments: 1...49)
    func `jitter reaches from nothing to just below the top`(_ attempts: Int) throws {
        let low = try #require(policy.wait(afterAttempts: attempts, of: 50, random: 0))
        let high = try #require(
            policy.wait(afterAttempts: attempts, of: 50, random: 1.0.nextDown)
        )

        #expect(low == .zero && high <= .seconds(1800) && high > .seconds(4.99))
    }

    @Test func `the last attempt has no wait behind it`() {
        #expect(policy.wait(afterAttempts: 7, of: 8, random: 0) != nil)
        #expect(policy.wait(afterAttempts: 8, of: 8, random: 0) == nil)
        #expect(policy.wait(afterAttempts: 9, of: 8, random: 0) == nil)
        #expect(policy.wait(afterAttempts: 1, of: 1, random: 0) == nil)
    }

    @Test func `a server's wish is never undercut, and believed for two hours at most`() {
        func wait(_ wish: Duration, random: Double) -> Duration? {
            policy.wait(afterAttempts: 1, of: 8, retryAfter: wish, random: random)
        }

        #expect(wait(.seconds(60), random: 0) == .seconds(60))
        #expect(wait(.seconds(1), random: 0.8) == .seconds(4))
        #expect(wait(.seconds(7200), random: 0) == .seconds(7200))
        #expect(wait(.seconds(86_400), random: 0) == .seconds(86_400))
        #expect(wait(.seconds(-5), random: 0) == .zero)
    }

    @Test func `no settings that are allowed overflow`() {
        let slow = RetryPolicy(base: .seconds(600), ceiling: .seconds(86400))

        #expect(slow.wait(afterAttempts: 49, of: 50, random: 0.5) == .seconds(43200))
    }

    // MARK: The order of lists

    @Test func `strict lists keep their order in every round`() {
        let choices = ["a", "b", "c"].map { QueueChoice(name: $0, weight: nil) }

        for round in 0..<10 {
            #expect(QueueChoice.order(choices, round: round) == ["a", "b", "c"])
        }
    }

    @Test(arguments: [[1], [1, 1], [3, 1], [5, 3, 2], [1, 1000], [1000, 999, 1, 7]])
    func `each list leads its share of the rounds, and none is left out of any`(
        _ weights: [Int]
    ) {
        let names = weights.indices.map { "list\($0)" }
        let choices = zip(names, weights).map { QueueChoice(name: $0, weight: $1) }
        let rounds = weights.reduce(0, +)
        var led: [String: Int] = [:]

        // Whole turns of the wheel from any start.
        for round in 17..<(17 + rounds * 2) {
            let order = QueueChoice.order(choices, round: round)
            led[order[0], default: 0] += 1
            #expect(order.sorted() == names.sorted())
        }

        #expect(names.map { led[$0] ?? 0 } == weights.map { $0 * 2 })
    }

    // MARK: Leases

    @Test func `a lease is held until a second before its end`() {
        let now = ContinuousClock.now

        #expect(Lease(ticket: "t", fence: 1, until: now + .seconds(60)).isHeld)
        #expect(!Lease(ticket: "t", fence: 1, until: now + Lease.margin).isHeld)
        #expect(!Lease(ticket: "t", fence: 1, until: now - .seconds(1)).isHeld)
    }

    @Test func `a renewal counts from when it was sent, not from when it was answered`() {
        let lease = Lease(ticket: "t", fence: 1, until: .now)
        #expect(!lease.isHeld)

        lease.renewed(sentAt: .now, for: .seconds(15))
        #expect(lease.isHeld)

        lease.renewed(sentAt: .now - .seconds(14), for: .seconds(15))
        #expect(!lease.isHeld)
    }

    @Test func `a lost lease stays lost, whatever answer comes late`() {
        let lease = Lease(ticket: "t", fence: 1, until: .now + .seconds(60))

        lease.lose()
        lease.renewed(sentAt: .now, for: .seconds(60))

        #expect(!lease.isHeld)
    }

    // MARK: Settlements

    @Test func `a finished job asks for nothing more`() {
        #expect(Settlement.done() == Settlement(verb: "done"))
        #expect(Settlement.done(givesPostBack: true).givesPostBack)
    }

    @Test func `a parked job says when and where it goes on`() {
        let parked = Settlement.park(for: .seconds(3), stage: .watch, attempts: 2)

        #expect(parked.verb == "park" && parked.delay == .seconds(3) && parked.stage == .watch)
        #expect(parked.attempts == 2 && !parked.givesPostBack && parked.holdAccount == .zero)
    }

    @Test func `a dead job says why`() {
        let dead = Settlement.dead(reason: "media_empty", attempts: 3, givesPostBack: true)

        #expect(dead.verb == "dead" && dead.reason == "media_empty" && dead.attempts == 3)
        #expect(dead.givesPostBack && dead.delay == .zero)
    }

    // MARK: What Redis answers

    @Test func `a claim is read from the script's answer`() throws {
        let claim = try #require(
            Claim(.array(Self.fields), queue: "tiktok", claimedAt: .now, newTickets: "x")
        )

        #expect(claim.ticket == "t1" && claim.fence == 7 && claim.deliveries == 2)
        #expect(claim.document == Array("{}".utf8) && claim.attempts == 3 && claim.polls == 4)
        #expect(claim.stage == .watch && claim.queue == "tiktok")
        #expect(claim.receivedAt == Date(timeIntervalSince1970: 1_795_372_200.25))
    }

    @Test func `a stage of a newer program means from the start`() throws {
        var fields = Self.fields
        fields[5] = .bytes(Array("later".utf8))

        #expect(
            try #require(Claim(.array(fields), queue: "q", claimedAt: .now, newTickets: "x")).stage
                == .post
        )
    }

    @Test(arguments: [0, 1, 2, 3, 4, 6, 7, 8])
    func `an answer of another shape is no claim`(_ index: Int) {
        var fields = Self.fields
        fields[index] = .null
        #expect(Claim(.array(fields), queue: "q", claimedAt: .now, newTickets: "x") == nil)

        fields.remove(at: index)
        #expect(Claim(.array(fields), queue: "q", claimedAt: .now, newTickets: "x") == nil)
    }

    private static let fields: [RedisValue] = [
        .bytes(Array("t1".utf8)), .integer(7), .integer(2), .bytes(Array("{}".utf8)), .integer(3),
        .bytes(Array("watch".utf8)), .integer(4), .integer(1_795_372_200_250), .integer(2),
    ]

    @Test(arguments: [
        (Duration.zero, Int64(0)), (.milliseconds(1), 1), (.microseconds(1999), 1),
        (.seconds(86_400), 86_400_000), (.seconds(1) + .nanoseconds(999_999), 1000),
    ])
    func `durations become whole milliseconds, rounded down`(_ duration: Duration, _ count: Int64) {
        #expect(duration.milliseconds == count)
    }
}
