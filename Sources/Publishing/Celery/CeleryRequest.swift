internal import JSON

/// One request of Celery's remote control.
struct CeleryRequest: Sendable {
    let method: String
    let arguments: [String: JSONValue]
    /// Where the answer goes; `nil`: nobody waits for one.
    let reply: ReplyAddress?
    let clock: Int64?

    struct ReplyAddress: Sendable {
        let exchange: String
        let routingKey: String
        /// By which the asker knows the answers to this request.
        let ticket: JSONValue
    }

    /// Why a request is not understood; never repeats what it says.
    struct Malformed: Error {
        let reason: String
    }

    /// Longest name that a request may bring.
    private static let nameBytesMax = 256

    /// Reads a message of the control channel.
    ///
    /// - Returns: `nil` when it is meant for other workers.
    static func read(_ bytes: [UInt8], for node: String) throws(Malformed) -> CeleryRequest? {
        let envelope = try object(bytes)
        let headers = envelope["headers"]?.object ?? [:]
        // Celery never compresses them, and nothing that takes long may stand beside the leases.
        guard headers["compression"] == nil else {
            throw Malformed(reason: "a request must not be compressed")
        }
        let body: JSONValue
        do throws(CeleryMessage.Trouble) {
            body = try CeleryBody.open(envelope, headers, envelope["properties"]?.object ?? [:])
        } catch {
            throw Malformed(reason: "\(error.field) \(error.rule)")
        }
        guard try isAddressed(body, to: node) else { return nil }
        guard let method = body["method"]?.string, method.utf8.count <= nameBytesMax else {
            throw Malformed(reason: "method must be a string of at most \(nameBytesMax) bytes")
        }
        let arguments = body["arguments"] ?? .null
        guard arguments == .null || arguments.object != nil else {
            throw Malformed(reason: "arguments must be an object")
        }
        return CeleryRequest(
            method: method,
            arguments: arguments.object ?? [:],
            reply: try replyAddress(in: body),
            clock: headers["clock"]?.integer
        )
    }

    private static func object(_ bytes: [UInt8]) throws(Malformed) -> [String: JSONValue] {
        guard let envelope = (try? JSONValue(parsing: bytes))?.object else {
            throw Malformed(reason: "the message must be a JSON object")
        }
        return envelope
    }

    /// To nodes by name, to nodes whose name matches, or to all.
    private static func isAddressed(
        _ body: JSONValue,
        to node: String
    ) throws(Malformed) -> Bool {
        // No names are as good as none given (kombu 5.7.0, pidbox.py `handle_message`).
        if let names = body["destination"], names != .null, names != [] {
            guard let names = names.array else {
                throw Malformed(reason: "destination must be an array")
            }
            return names.contains(.string(node))
        }
        guard let pattern = body["pattern"]?.string, let matcher = body["matcher"]?.string else {
            return true
        }
        // Whoever writes a regular expression could keep this thread busy for ever.
        guard matcher == "glob", pattern.utf8.count <= nameBytesMax else {
            throw Malformed(
                reason: "matcher must be glob, and its pattern at most \(nameBytesMax) bytes"
            )
        }
        return Glob.matches(Array(pattern.utf8), Array(node.utf8))
    }

    private static func replyAddress(in body: JSONValue) throws(Malformed) -> ReplyAddress? {
        guard let address = body["reply_to"], address != .null else { return nil }
        guard let exchange = address["exchange"]?.string,
            let routingKey = address["routing_key"]?.string, !routingKey.isEmpty,
            exchange.utf8.count <= nameBytesMax, routingKey.utf8.count <= nameBytesMax
        else {
            throw Malformed(
                reason: "reply_to must name exchange and routing_key, each of at most "
                    + "\(nameBytesMax) bytes"
            )
        }
        return ReplyAddress(
            exchange: exchange,
            routingKey: routingKey,
            ticket: body["ticket"] ?? .null
        )
    }
}

/// Pure: patterns with `*` and `?`, as Python's fnmatch has them, without its sets.
enum Glob {
    /// Takes at most as many steps as both lengths multiplied.
    static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        // Where to go on when the text after the last star does not fit.
        var retry: (place: Int, position: Int)?
        while position < text.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                retry = (place, position)
                place += 1
            } else if place < pattern.count,
                pattern[place] == text[position] || pattern[place] == UInt8(ascii: "?")
            {
                place += 1
                position += 1
            } else if let last = retry {
                retry = (last.place, last.position + 1)
                (place, position) = (last.place + 1, last.position + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
