internal import FoundationEssentials

/// Any JSON document.
///
/// Integers that fit 64 bits keep every digit: TikTok's post ids lie above 2^53.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads one document of UTF-8, at most 128 levels deep.
    ///
    /// Where a name stands twice in an object the last value counts; `JSONDocument` tells of it.
    ///
    /// - Throws: `JSONError` with what is wrong and where.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        self = try JSONDocument(bytes).value
    }

    /// UTF-8 with sorted keys and unescaped slashes, so that equal values give equal bytes.
    package var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity",
            negativeInfinity: "-Infinity",
            nan: "NaN"
        )
        // Nothing in this enum can fail to encode once infinities have a spelling.
        guard let data = try? encoder.encode(self) else { return Array("null".utf8) }
        return Array(data)
    }

    package var encodedText: String {
        String(decoding: encoded, as: UTF8.self)
    }
}

// MARK: Looking inside

extension JSONValue {
    /// The member of an object; `nil` when this is no object or has no such member.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    package var object: [String: JSONValue]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The kind in words for messages that must not repeat the value itself.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .double: "a fraction"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// MARK: Writing

extension JSONValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

// MARK: Literals

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

/// One document, and what of it a value cannot show.
package struct JSONDocument: Sendable {
    package let value: JSONValue
    /// Names that stand twice or more in one object, at most 20 of them: readers do not agree which
    /// of their values counts.
    package let repeatedNames: [RepeatedName]

    package struct RepeatedName: Sendable, Equatable {
        package let name: String
        /// Whether it is one of the document's own names, and not of an object inside it.
        package let isOutermost: Bool
    }

    /// - Throws: `JSONError` with what is wrong and where.
    package init(_ bytes: some Sequence<UInt8>) throws(JSONError) {
        var parser = JSONParser(Array(bytes))
        value = try parser.document()
        repeatedNames = parser.repeatedNames
    }
}

/// Why bytes are not a JSON document.
package struct JSONError: Error, CustomStringConvertible {
    /// What is wrong and where, without any of the document's content.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
