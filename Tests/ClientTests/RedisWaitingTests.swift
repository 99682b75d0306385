import EventLoop
import Testing

@testable import Redis

struct RedisWaitingTests {
    @Test func `the wait between attempts doubles from a tenth of a second to five`() {
        let ceilings = (0...9).map { ReconnectDelay.ceiling(afterFailures: $0) }

        #expect(
            ceilings.map { $0 / .milliseconds(1) }
                == [100, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]
        )
        #expect(ReconnectDelay.ceiling(afterFailures: .max) == .seconds(5))
    }

    @Test func `the wait is anything from nothing to its ceiling`() {
        struct Fixed: RandomNumberGenerator {
            let number: UInt64
            func next() -> UInt64 { number }
        }
        var (low, high) = (Fixed(number: 0), Fixed(number: .max))

        #expect(ReconnectDelay.random(afterFailures: 3, using: &low) == .zero)
        let longest = ReconnectDelay.random(afterFailures: 3, using: &high)
        #expect(longest > .milliseconds(399) && longest <= .milliseconds(400))
    }

    @Test func `first in is first out, however many pass`() {
        var line = FirstInFirstOut<Int>()
        var taken: [Int] = []

        for number in 0..<5000 {
            line.append(number)
            if number % 3 == 0, let first = line.first {
                taken.append(first)
                line.removeFirst()
            }
        }
        taken += line.takeAll()

        #expect(taken == Array(0..<5000))
        #expect(line.isEmpty)
    }

    @Test func `exchanges that ended unsent are neither held nor counted`() {
        var unsent = UnsentExchanges()
        let loop = EventLoop(name: "test")
        let exchanges = (0..<1000).map { _ in Exchange([["PING"], ["PING"]], on: loop) }

        for exchange in exchanges {
            unsent.append(exchange)
        }
        for exchange in exchanges.dropLast() {
            exchange.wait.end(.failure(.cancelled))
            unsent.forget(exchange)
        }

        #expect(unsent.commandCount == 2)
        #expect(unsent.byteCount == exchanges[0].byteCount)
        #expect(unsent.takeAll().map(ObjectIdentifier.init) == [ObjectIdentifier(exchanges[999])])
    }

    @Test func `scripts of one name and two sources have two digests`() {
        var digests = ScriptDigests()
        let (one, two) = (RedisScript(name: "a", source: "1"), RedisScript(name: "a", source: "2"))

        digests[one] = "x"

        #expect(digests[one] == "x")
        #expect(digests[two] == nil)
    }
}
