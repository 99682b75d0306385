internal import CHiredis

/// What Redis answers.
///
/// An error inside an array (a command of a transaction that failed) stays a value.
package enum RedisValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case bytes([UInt8])
    case status(String)
    case array([RedisValue])
    case failure(RedisFailure)

    package var isNull: Bool { self == .null }

    /// The text of a byte string or a status; `nil` when it is neither, or not UTF-8.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The number; a byte string of decimal digits counts, as Redis stores numbers that way.
    package var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes, .status: text.flatMap { Int64($0) }
        default: nil
        }
    }

    package var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    package var array: [RedisValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    package var failure: RedisFailure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}

extension RedisValue {
    /// Copies a reply of hiredis, whose parser bounds the nesting; the caller frees it.
    init(_ reply: redisReply) {
        switch reply.type {
        case REDIS_REPLY_NIL: self = .null
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_STATUS: self = .status(String(decoding: Self.bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR:
            self = .failure(RedisFailure(String(decoding: Self.bytes(reply), as: UTF8.self)))
        case REDIS_REPLY_STRING: self = .bytes(Self.bytes(reply))
        case REDIS_REPLY_ARRAY: self = .array(Self.elements(reply))
        // Newer versions of hiredis know more types, and of the older protocol's shapes: maps,
        // sets and pushes are arrays, doubles and big numbers are text, booleans are numbers.
        default:
            if reply.element != nil {
                self = .array(Self.elements(reply))
            } else if reply.str != nil {
                self = .bytes(Self.bytes(reply))
            } else {
                self = .integer(reply.integer)
            }
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len))
    }

    private static func elements(_ reply: redisReply) -> [RedisValue] {
        UnsafeBufferPointer(start: reply.element, count: reply.element == nil ? 0 : reply.elements)
            .map { element in element.map { RedisValue($0.pointee) } ?? .null }
    }
}
