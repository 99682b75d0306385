/// One word of a command: text, a number, or any bytes.
package enum RedisArgument: Sendable, Equatable, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral
{
    case text(String)
    case integer(Int64)
    case bytes([UInt8])

    package init(stringLiteral value: String) {
        self = .text(value)
    }

    package init(integerLiteral value: Int64) {
        self = .integer(value)
    }

    var encoded: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .integer(let number): Array(String(number).utf8)
        case .bytes(let bytes): bytes
        }
    }
}

/// Writes a command as Redis reads it: an array of byte strings, each with its length.
enum CommandEncoder {
    static func append(_ arguments: [RedisArgument], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "*\(arguments.count)\r\n".utf8)
        for argument in arguments {
            let word = argument.encoded
            bytes.append(contentsOf: "$\(word.count)\r\n".utf8)
            bytes.append(contentsOf: word)
            bytes.append(contentsOf: "\r\n".utf8)
        }
    }

    /// What errors call the command: its first word, never its arguments, which may be secret.
    static func name(of arguments: [RedisArgument]) -> String {
        guard case .text(let name)? = arguments.first else { return "a command" }
        return String(name.prefix(32)).uppercased()
    }

    /// Whether the command answers something other than exactly one reply, so that every reply
    /// after it would be given to the wrong caller.
    static func breaksOrder(_ arguments: [RedisArgument]) -> Bool {
        let unordered: Set = [
            "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
            "SUNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC",
        ]
        if unordered.contains(name(of: arguments)) { return true }
        guard name(of: arguments) == "CLIENT", arguments.count > 1 else { return false }
        return name(of: Array(arguments.dropFirst())) == "REPLY"
    }
}
