import Foundation
import JSON
import Testing

@testable import Publishing

/// How many tasks of a name may begin in a time.
struct TaskRateTests {
    @Test(
        arguments: [
            ("10/m", 6), ("100/h", 36), ("5/s", 0.2), (5, 0.2), (.double(0.5), 2), ("2", 0.5),
            (" 4 /m", 15),
            ("1e1/m", 6), ("1/h", 3600),
        ] as [(JSONValue, Double)]
    )
    func `a rate is read as Celery reads it`(given: JSONValue, seconds: Double) throws {
        let rate = try #require(try TaskRate.read(given))

        #expect(abs(rate.interval.seconds - seconds) < 1e-9)
    }

    @Test(arguments: [0, .double(0), "0", "0/m", "", .null, .bool(false)] as [JSONValue])
    func `nothing is no limit`(given: JSONValue) throws {
        #expect(try TaskRate.read(given) == nil)
    }

    /// The first four are what Celery 5.7.0 answers.
    @Test(
        arguments: [
            ("x", #"ValueError("could not convert string to float: 'x'")"#),
            ("/m", #"ValueError("could not convert string to float: ''")"#),
            ("0x1/m", #"ValueError("could not convert string to float: '0x1'")"#),
            ("10/d", "KeyError('d')"), ("10/m/h", "KeyError('m/h')"),
            ("-1/s", "positive"), ("nan", "positive"), ("inf", "positive"), ("0.01/h", "a day"),
            ([], "10/m"), (.bool(true), "10/m"),
            (.string(String(repeating: "1", count: 65)), "10/m"),
        ] as [(JSONValue, String)]
    )
    func `what is no rate is refused in Celery's words`(given: JSONValue, words: String) {
        do {
            _ = try TaskRate.read(given)
            Issue.record("\(given) was taken")
        } catch {
            #expect(error.words.contains(words), "\(error.words)")
        }
    }

    // MARK: The bucket

    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `one goes at once, and the others are told moments of their own`() {
        var bucket = RateBucket(interval: .seconds(10))

        let first = bucket.take(hasWaited: false, at: at(0))
        let second = bucket.take(hasWaited: false, at: at(1))
        let waits = (0..<3).map { _ in
            bucket.promise(hasWaited: false, at: at(1), atMost: .seconds(60))
        }

        #expect(first != nil && second == nil)
        #expect(waits == [.seconds(9), .seconds(19), .seconds(29)])
    }

    @Test func `who was promised a token gets it, also when another comes before`() {
        var bucket = RateBucket(interval: .seconds(10))
        _ = bucket.take(hasWaited: false, at: at(0))
        _ = bucket.promise(hasWaited: false, at: at(0), atMost: .seconds(60))

        #expect(bucket.take(hasWaited: false, at: at(10.1)) == nil)
        #expect(bucket.take(hasWaited: true, at: at(10.2)) != nil)
        #expect(bucket.take(hasWaited: true, at: at(20.1)) == nil)
        #expect(bucket.take(hasWaited: true, at: at(20.2)) != nil)
    }

    @Test func `a bucket that nobody needed holds one token, not more`() {
        var bucket = RateBucket(interval: .seconds(10))

        #expect(bucket.take(hasWaited: false, at: at(1000)) != nil)
        #expect(bucket.take(hasWaited: false, at: at(1001)) == nil)
        #expect(bucket.take(hasWaited: false, at: at(1010)) != nil)
    }

    @Test func `a token that was not needed is there for the next`() throws {
        var bucket = RateBucket(interval: .seconds(10))
        let first = bucket.take(hasWaited: false, at: at(0))
        let token = try #require(first)

        bucket.giveBack(token)

        #expect(bucket.take(hasWaited: false, at: at(1)) != nil)
        bucket.giveBack(token)
        #expect(bucket.take(hasWaited: false, at: at(2)) == nil)
    }

    @Test func `no wait is longer than it may be`() {
        var bucket = RateBucket(interval: .seconds(3600))
        _ = bucket.take(hasWaited: false, at: at(0))

        for hasWaited in [false, true] {
            let wait = bucket.promise(hasWaited: hasWaited, at: at(0), atMost: .seconds(300))
            #expect(wait == .seconds(300))
        }
    }
}
