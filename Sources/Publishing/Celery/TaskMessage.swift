internal import FoundationEssentials
internal import JSON

/// Pure: a message that asks Celery's workers to run a task, in protocol 2.
struct TaskMessage: Sendable {
    /// With all options that it is called with.
    let signature: Signature
    let id: String
    let arguments: [JSONValue]
    /// As `celery events` shows it: who sent it.
    let origin: String
    let now: Date

    private var options: [String: JSONValue] { signature.options }

    var priority: Int64 { min(9, max(0, options["priority"]?.integer ?? 0)) }

    /// Where it is to go.
    enum Destination: Sendable, Hashable {
        case queue(String)
        /// Wherever the exchange leads with that key.
        case exchange(String, routingKey: String)
        /// Wherever tasks of its name go.
        case routed
    }

    /// As Celery decides it: an exchange counts only together with a routing key, and then before a
    /// queue; a routing key alone says nothing (celery 5.7.0, app/amqp.py `send_task_message` and
    /// app/routes.py `Router.route`, 2026-11-23).
    var destination: Destination {
        if let exchange = named("exchange"), let key = named("routing_key") {
            return .exchange(exchange, routingKey: key)
        }
        return named("queue").map { .queue($0) } ?? .routed
    }

    private func named(_ option: String) -> String? {
        signature.text(option).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The element of the list of `queue`.
    func element(for queue: String) -> [UInt8] {
        CeleryEnvelope.message(
            body,
            headers: headers,
            exchange: "",
            routingKey: queue,
            isDurable: true,
            priority: priority,
            properties: [
                "correlation_id": .string(id), "reply_to": options["reply_to"] ?? .null,
            ]
        )
    }

    private var headers: [String: JSONValue] {
        let custom = options["headers"]?.object ?? [:]
        let own: [String: JSONValue] = [
            "lang": "py", "task": .string(signature.task), "id": .string(id),
            "shadow": options["shadow"] ?? .null, "eta": eta, "expires": expires,
            "group": options["group_id"] ?? .null, "group_index": options["group_index"] ?? .null,
            "retries": options["retries"] ?? 0,
            "timelimit": [options["time_limit"] ?? .null, options["soft_time_limit"] ?? .null],
            "root_id": options["root_id"] ?? .string(id),
            "parent_id": options["parent_id"] ?? .null,
            "argsrepr": .string(PythonText.tuple(arguments, atMost: 1024)),
            "kwargsrepr": .string(PythonText.of(.object(signature.keywords), atMost: 1024)),
            "origin": .string(origin), "ignore_result": options["ignore_result"] ?? false,
            "replaced_task_nesting": 0, "stamped_headers": options["stamped_headers"] ?? .null,
            "stamps": .object(signature.stamps),
        ]
        return custom.merging(own) { $1 }
    }

    private var body: JSONValue {
        [
            .array(arguments), .object(signature.keywords),
            [
                "callbacks": Self.listed(options["link"]),
                "errbacks": Self.listed(options["link_error"]),
                "chain": Self.listed(options["chain"]), "chord": options["chord"] ?? .null,
            ],
        ]
    }

    /// Nothing where there is none.
    private static func listed(_ value: JSONValue?) -> JSONValue {
        let items = Signature.listed(value)
        return items.isEmpty ? .null : .array(items)
    }

    // MARK: Times

    private var eta: JSONValue {
        if let seconds = Self.seconds(options["countdown"]) {
            return .string(PythonText.of(now + seconds))
        }
        return options["eta"]?["__value__"] ?? options["eta"] ?? .null
    }

    private var expires: JSONValue {
        if let seconds = Self.seconds(options["expires"]) {
            return .string(PythonText.of(now + seconds))
        }
        return options["expires"]?["__value__"] ?? options["expires"] ?? .null
    }

    private static func seconds(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
