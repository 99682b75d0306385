internal import FoundationEssentials
internal import JSON

/// Tells Celery's monitors what becomes of tasks.
package struct CeleryMonitor: TaskObserver {
    private let tasks: CeleryTasks
    private let events: CeleryEvents

    package init(tasks: CeleryTasks, events: CeleryEvents) {
        self.tasks = tasks
        self.events = events
    }

    /// Longest text of arguments, of a result or of an exception.
    private static let textMax = 1024

    package func saw(_ moment: TaskMoment, of task: CeleryMessage, _ claim: Claim) {
        switch moment {
        case .received:
            tasks.receive(task)
            events.task("received", task.id, received(task))
        case .started: events.task("started", task.id)
        case .retried(let exception): events.task("retried", task.id, failure(exception))
        case .ended(let end): tell(end, of: task)
        // Celery's monitors know of no event for these.
        case .progressed, .released: break
        }
    }

    private func tell(_ end: TaskEnd, of task: CeleryMessage) {
        switch end {
        case .succeeded(let value, let runtime):
            let text = PythonText.of(value, atMost: Self.textMax)
            events.task(
                "succeeded",
                task.id,
                ["result": .string(text), "runtime": .double(runtime.seconds)]
            )
        case .failed(let exception): events.task("failed", task.id, failure(exception))
        case .revoked(let why):
            var signal = JSONValue.null
            if case .terminated(let number) = why { signal = .integer(number) }
            events.task(
                "revoked",
                task.id,
                [
                    "terminated": .bool(signal != .null), "signum": signal,
                    "expired": .bool(why == .expired),
                ]
            )
        }
    }

    private func received(_ task: CeleryMessage) -> [String: JSONValue] {
        [
            "name": .string(task.task), "args": .string(cut(task.argumentsText)),
            "kwargs": .string(cut(task.keywordsText)), "root_id": .text(task.rootID),
            "parent_id": .text(task.parentID), "retries": .count(task.retries),
            "eta": .time(task.eta), "expires": .time(task.expires),
        ]
    }

    private func failure(_ exception: CeleryException) -> [String: JSONValue] {
        ["exception": .string(cut(exception.text)), "traceback": ""]
    }

    private func cut(_ text: String) -> String { PythonText.cut(text, Self.textMax) }
}
