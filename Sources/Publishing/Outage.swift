internal import Synchronization

/// Lets whoever meets trouble with a server say so, and the worker look into it.
package final class Alarm: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .releasing) }

    /// Whether it was raised since the last look.
    func take() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }
}

/// Pure: notices when a server goes away and when it is back, once each.
struct Outage: Sendable {
    let name: String
    private var since: ContinuousClock.Instant?

    enum Change: Equatable {
        case began(String)
        case ended(after: Duration)
    }

    init(_ name: String) {
        self.name = name
    }

    var isOn: Bool { since != nil }

    /// - Parameter reason: why the last call failed; `nil` when it went well.
    mutating func note(_ reason: String?, at now: ContinuousClock.Instant = .now) -> Change? {
        switch (reason, since) {
        case (let reason?, nil):
            since = now
            return .began(reason)
        case (nil, let began?):
            since = nil
            return .ended(after: began.duration(to: now))
        case (nil, nil), (_?, _?):
            return nil
        }
    }
}
