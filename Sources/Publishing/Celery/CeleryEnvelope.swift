internal import FoundationEssentials
internal import JSON

/// Pure: messages of ours in the envelope of kombu's Redis transport.
enum CeleryEnvelope {
    /// Wraps a message.
    ///
    /// A tool that meets one without these fields drops its connection (kombu 5.7, captured on
    /// 2026-11-22).
    ///
    /// - Parameters:
    ///   - isDurable: whether it should outlive its server, as messages that are work do.
    ///   - properties: beside those that every message has.
    static func message(
        _ body: JSONValue,
        headers: [String: JSONValue],
        exchange: String,
        routingKey: String,
        isDurable: Bool,
        priority: Int64 = 0,
        properties: [String: JSONValue] = [:]
    ) -> [UInt8] {
        let always: [String: JSONValue] = [
            "delivery_mode": isDurable ? 2 : 1,
            "delivery_info": [
                "exchange": .string(exchange), "routing_key": .string(routingKey),
            ],
            "priority": .integer(priority), "body_encoding": "base64",
            "delivery_tag": .string(UUID().uuidString.lowercased()),
        ]
        let message: JSONValue = [
            "body": .string(Data(body.encoded).base64EncodedString()),
            "content-encoding": "utf-8", "content-type": "application/json",
            "headers": .object(headers),
            "properties": .object(properties.merging(always) { $1 }),
        ]
        return message.encoded
    }
}
