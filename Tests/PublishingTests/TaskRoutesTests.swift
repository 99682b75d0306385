import FoundationEssentials
import JSON
import Testing

@testable import Publishing

/// Where messages go that name no queue.
struct TaskRoutesTests {
    @Test(arguments: [
        ("note", "low"), ("note.deep", "usual"), ("mail.sent", "mail"), ("mail.send", "own"),
        ("mail.", "mail"),
        ("mail", "usual"), ("job7", "jobs"), ("job77", "usual"), ("", "usual"),
    ])
    func `a name counts first, then the first pattern that fits, then the usual queue`(
        task: String,
        queue: String
    ) {
        let routes = TaskRoutes(
            usual: "usual",
            routes: [
                .init(pattern: "note", queue: "low"), .init(pattern: "mail.*", queue: "mail"),
                .init(pattern: "job?", queue: "jobs"), .init(pattern: "mail.send", queue: "own"),
                .init(pattern: "mail.s*", queue: "never"),
            ]
        )

        #expect(routes.queue(of: task) == queue)
    }

    @Test(
        arguments: [
            ([:], .routed), (["queue": "q"], .queue("q")), (["queue": ""], .routed),
            (["routing_key": "k"], .routed), (["exchange": "e"], .routed),
            (["exchange": "", "routing_key": "k"], .routed),
            (["exchange": "e", "routing_key": "k"], .exchange("e", routingKey: "k")),
            (["queue": "q", "routing_key": "k"], .queue("q")),
            (["queue": "q", "exchange": "e"], .queue("q")),
            (["queue": "q", "exchange": "e", "routing_key": "k"], .exchange("e", routingKey: "k")),
        ] as [([String: JSONValue], TaskMessage.Destination)]
    )
    func `an exchange with a key counts first, then a queue, and else the routes`(
        options: [String: JSONValue],
        destination: TaskMessage.Destination
    ) throws {
        let message = TaskMessage(
            signature: try Signature(Message.signature("note", options)),
            id: "t",
            arguments: [],
            origin: "",
            now: Date(timeIntervalSince1970: 0)
        )

        #expect(message.destination == destination)
    }
}
