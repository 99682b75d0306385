internal import FoundationEssentials
internal import JSON

/// Messages of ours to Celery's tools, in the envelope of kombu's Redis transport.
enum CeleryBroadcast {
    /// A tool that meets a message without one of these fields drops its connection (kombu 5.7,
    /// captured on 2026-11-22).
    static func message(
        _ body: JSONValue,
        headers: [String: JSONValue],
        exchange: String,
        routingKey: String
    ) -> [UInt8] {
        let message: JSONValue = [
            "body": .string(Data(body.encoded).base64EncodedString()),
            "content-encoding": "utf-8", "content-type": "application/json",
            "headers": .object(headers),
            "properties": [
                "delivery_mode": 1,
                "delivery_info": [
                    "exchange": .string(exchange), "routing_key": .string(routingKey),
                ],
                "priority": 0, "body_encoding": "base64",
                "delivery_tag": .string(UUID().uuidString.lowercased()),
            ],
        ]
        return message.encoded
    }
}
