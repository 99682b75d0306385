internal import FoundationEssentials
internal import JSON
internal import Synchronization

/// The tasks of this worker as Celery's tools ask for them: those in hand, and how many there were.
package final class CeleryTasks: Sendable {
    private let desk: Desk
    /// Received since the start, by name.
    private let received = Mutex<[String: Int]>([:])

    /// Most names that are counted apart.
    private static let namesMax = 100

    package init(desk: Desk) {
        self.desk = desk
    }

    func receive(_ task: CeleryMessage) {
        received.withLock { received in
            guard received[task.task] != nil || received.count < Self.namesMax else { return }
            received[task.task, default: 0] += 1
        }
    }

    /// How many are in hand, and how many were received.
    var counts: (active: Int, received: Int) {
        (desk.taskCount, received.withLock { $0.values.reduce(0, +) })
    }

    /// How many were received, by name.
    var totals: [String: JSONValue] {
        received.withLock { $0.mapValues { .count($0) } }
    }

    /// Those in hand, the oldest first.
    func active(atMost most: Int) -> [(message: CeleryMessage, since: Date)] {
        desk.tasks(atMost: most)
    }

    /// The task of an id, if it is in hand.
    func find(_ id: String) -> (message: CeleryMessage, since: Date)? {
        desk.tasks(atMost: .max).first { $0.message.id == id }
    }
}
