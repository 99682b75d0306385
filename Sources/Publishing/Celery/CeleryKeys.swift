/// The names by which Celery's clients and workers know things in Redis; ours stand in `QueueKeys`.
///
/// Captured from Celery 5.2, 5.4 and 5.7 with kombu 5.2, 5.4 and 5.7 on 2026-11-22.
package enum CeleryKeys {
    /// Where kombu puts the parts of a name apart.
    package static let separator = "\u{06}\u{16}"

    /// The result of a task, and the channel on which it is announced.
    package static func result(of task: String) -> String { "celery-task-meta-" + task }

    /// The book of a chord, and with a suffix each of its pages.
    static func group(_ id: String) -> String { "celery-taskset-meta-" + id }

    /// Which queues an exchange leads to; the second is the one that kombu 5.7 looks at.
    package static func bindings(of exchange: String) -> [String] {
        ["_kombu.binding." + exchange, "_kombu.binding_permanent." + exchange]
    }

    /// A member of a binding: by this routing key to this queue.
    package static func binding(_ routingKey: String, to queue: String) -> String {
        [routingKey, "", queue].joined(separator: separator)
    }

    /// The list of a queue that takes messages of a priority.
    static func list(of queue: String, priority: Int64) -> String {
        switch priority {
        case ..<3: queue
        case 3..<6: queue + separator + "3"
        case 6..<9: queue + separator + "6"
        default: queue + separator + "9"
        }
    }
}
