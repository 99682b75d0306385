internal import FoundationEssentials
package import JSON

/// Pure: JSON values as Python prints them, for people who read them beside Python's own.
package enum PythonText {
    /// At most `most` characters; what is cut off shows as three points.
    package static func of(_ value: JSONValue, atMost most: Int) -> String {
        cut(of(value), most)
    }

    static func cut(_ text: String, _ most: Int) -> String {
        text.count > most ? text.prefix(most) + "..." : text
    }

    package static func of(_ value: JSONValue) -> String {
        switch value {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): quoted(text)
        case .array(let items): "[" + items.map { of($0) }.joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\(quoted($0.key)): \(of($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    /// With an offset that every Python reads; the letter Z older ones do not.
    static func of(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return date.formatted(style).replacing("Z", with: "+00:00")
    }

    /// Hexadecimal digits of a UUID with their hyphens.
    static func ofUUID(digits: String) -> String {
        var rest = digits[...]
        return [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }
        .joined(separator: "-")
    }

    /// The arguments of a call: one is followed by a comma.
    package static func tuple(_ values: [JSONValue], atMost most: Int = .max) -> String {
        cut(
            "(" + values.map { of($0) }.joined(separator: ", ") + (values.count == 1 ? ",)" : ")"),
            most
        )
    }

    private static func quoted(_ text: String) -> String {
        let mark = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var quoted = mark
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "'" where mark == "'": quoted += "\\'"
            case _ where scalar.properties.generalCategory == .control:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + mark
    }
}
