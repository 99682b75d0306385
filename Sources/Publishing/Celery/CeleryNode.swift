internal import Synchronization

/// Who this worker is to Celery's tools, and the logical clock by which they order what they hear.
package final class CeleryNode: Sendable {
    /// As Celery names its workers: `name@host`, unique among all that share a Redis.
    package let name: String
    package let process: Int32
    private let clock = Mutex<Int64>(0)

    /// Clocks beyond this are nonsense, and would overflow.
    private static let clockMax: Int64 = 1 << 53

    /// - Parameters:
    ///   - worker: its name here; one that has a host's part already is taken as it is.
    ///   - process: its number.
    package init(worker: String, host: String, process: Int32) {
        name = worker.contains("@") ? worker : "\(worker)@\(host)"
        self.process = process
    }

    /// The time on the clock.
    var time: Int64 { clock.withLock { $0 } }

    /// Counts one event of this worker's own.
    func tick() -> Int64 {
        clock.withLock { clock in
            clock += 1
            return clock
        }
    }

    /// Goes past the clock of somebody whose message came.
    func hear(_ other: Int64) {
        guard (0...Self.clockMax).contains(other) else { return }
        clock.withLock { $0 = max($0, other) + 1 }
    }
}
