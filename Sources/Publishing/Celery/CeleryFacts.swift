internal import FoundationEssentials
package import JSON
package import Redis

/// What never changes of a worker, as Celery's tools ask for it.
package struct CeleryFacts: Sendable {
    let taskNames: [String]
    let queues: [String]
    let concurrency: Int
    let address: RedisAddress
    /// Settings under the names that Celery has for them, without secrets.
    let settings: [String: JSONValue]
    let since = ContinuousClock.now

    /// - Parameters:
    ///   - address: of the broker.
    ///   - routes: where what follows a task goes.
    ///   - settings: what there is beside what the other parameters say.
    package init(
        taskNames: [String],
        queues: [String],
        concurrency: Int,
        address: RedisAddress,
        routes: TaskRoutes,
        settings: [String: JSONValue]
    ) {
        self.taskNames = taskNames.sorted()
        self.queues = queues
        self.concurrency = concurrency
        self.address = address
        let own: [String: JSONValue] = [
            "broker_url": .string(address.description), "worker_concurrency": .count(concurrency),
            "task_default_queue": .string(routes.usual),
            "task_routes": .object(routes.settings.mapValues { ["queue": .string($0)] }),
            "task_acks_late": true, "enable_utc": true,
            "timezone": "UTC", "accept_content": ["json"], "task_serializer": "json",
            "result_serializer": "json",
        ]
        self.settings = settings.merging(own) { $1 }
    }

    /// The broker, without its user and password.
    var broker: JSONValue {
        [
            "transport": "redis", "hostname": .text(address.host),
            "port": address.port.map { .count(Int($0)) } ?? .null,
            "virtual_host": .string(String(address.database)), "userid": .null, "ssl": false,
            "uri_prefix": .null, "connect_timeout": 4, "transport_options": [:],
            "login_method": .null, "insist": false, "heartbeat": 0,
            "failover_strategy": "round-robin", "alternates": [],
        ]
    }

    /// A queue as kombu describes one.
    func description(of queue: String) -> JSONValue {
        [
            "name": .string(queue),
            "exchange": [
                "name": .string(queue), "type": "direct", "arguments": .null, "durable": true,
                "passive": false, "auto_delete": false, "delivery_mode": .null,
                "no_declare": false,
            ],
            "routing_key": .string(queue), "queue_arguments": .null, "binding_arguments": .null,
            "consumer_arguments": .null, "durable": true, "exclusive": false,
            "auto_delete": false, "no_ack": false, "alias": .null, "bindings": [],
            "no_declare": .null, "expires": .null, "message_ttl": .null, "max_length": .null,
            "max_length_bytes": .null, "max_priority": .null,
        ]
    }
}

extension JSONValue {
    /// A number of things.
    static func count(_ count: Int) -> JSONValue { .integer(Int64(count)) }
}
