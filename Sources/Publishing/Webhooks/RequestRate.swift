internal import Synchronization

/// Lets so many requests through in a second, and a burst of more now and then.
final class RequestRate: Sendable {
    private struct State {
        var left: Double
        var at = ContinuousClock.now
    }

    private let perSecond: Double
    private let burst: Double
    private let state: Mutex<State>

    init(perSecond: Double, burst: Double) {
        self.perSecond = perSecond
        self.burst = burst
        state = Mutex(State(left: burst))
    }

    func takesOne(at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            let passed = max(.zero, state.at.duration(to: now)).seconds
            state.at = max(state.at, now)
            state.left = min(burst, state.left + passed * perSecond)
            guard state.left >= 1 else { return false }
            state.left -= 1
            return true
        }
    }
}

/// Keeps a crowd from filling the log: of one kind of trouble a line a minute is told, of a name
/// one for ever.
final class RareNotices: Sendable {
    private struct State {
        var counts: [String: (Int, since: ContinuousClock.Instant)] = [:]
        var names: Set<String> = []
    }

    private let state = Mutex(State())

    private static let pause = Duration.seconds(60)
    /// Names that are remembered; beyond, none is new.
    private static let namesMax = 100

    /// - Parameter kind: one of a few words of ours.
    /// - Returns: how often it has come since it was told last; `nil`: it is not to be told now.
    func count(_ kind: String, at now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            guard let (count, since) = state.counts[kind] else {
                state.counts[kind] = (0, since: now)
                return 1
            }
            guard since.duration(to: now) >= Self.pause else {
                state.counts[kind] = (count + 1, since: since)
                return nil
            }
            state.counts[kind] = (0, since: now)
            return count + 1
        }
    }

    func isNew(_ name: String) -> Bool {
        state.withLock { state in
            state.names.count < Self.namesMax && state.names.insert(name).inserted
        }
    }
}
