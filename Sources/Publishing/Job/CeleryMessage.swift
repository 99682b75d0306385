package import FoundationEssentials
package import JSON

/// A task as Celery's clients put it on a list: what stands round the job document.
///
/// Read as Celery's protocol 2, or 1, is documented and was captured from Celery 5.2, 5.4 and 5.7
/// (docs.celeryq.dev, "Message Protocol", read 2026-11-22).
package struct CeleryMessage: Sendable, Equatable {
    /// The task's name; empty where it could not be read.
    package let task: String
    /// Under which its caller waits: usually a UUID, but any text may stand here.
    package let id: String
    /// Positional arguments.
    package var arguments: [JSONValue] = []
    package var keywords: [String: JSONValue] = [:]
    package var workflow = Workflow()
    package var rootID: String?
    package var parentID: String?
    package var groupID: String?
    package var groupIndex: Int64?
    /// How often Celery's side had tried before it came to this queue.
    package var retries = 0
    package var eta: Date?
    package var expires: Date?
    /// Whether its caller wants no result; what follows it goes on all the same.
    package var ignoresResult = false
    package var delivery = Delivery()
    /// Python's text of the arguments, as the caller chose to show it: never read as a value.
    package var argumentsText = "()"
    package var keywordsText = "{}"
    /// Labels by which tasks can be revoked: name → values.
    package var stamps: [String: JSONValue] = [:]

    /// Longest id of a task, in bytes; it becomes part of a key's name.
    static let idBytesMax = 512

    init(task: String, id: String) {
        self.task = task
        self.id = id
    }

    var isNamed: Bool { !task.isEmpty }

    /// For one whose workflow cannot be sent: only its caller is told.
    var withoutWorkflow: CeleryMessage {
        var message = self
        message.workflow = Workflow()
        return message
    }

    /// What goes on once the task has ended; signatures as Celery writes them.
    package struct Workflow: Sendable, Equatable {
        /// From `link`: each is sent after success.
        package var callbacks: [JSONValue] = []
        /// From `link_error`: each is sent after a failure.
        package var errorCallbacks: [JSONValue] = []
        /// The rest of a chain, the next step last.
        package var chain: [JSONValue] = []
        /// The body of the chord that the task is a part of.
        package var chord: JSONValue?
    }

    /// How the message came.
    package struct Delivery: Sendable, Equatable {
        package var exchange = ""
        package var routingKey = ""
        package var priority: Int64 = 0
        package var wasRedelivered = false
    }
}

/// A message that is not run, and what its caller is told, if anybody is known to wait.
struct BrokenMessage: Error {
    /// As far as it could be read; `nil`: not even whose it is.
    let message: CeleryMessage?
    let exception: CeleryException
    let rule: BrokenRule
}
