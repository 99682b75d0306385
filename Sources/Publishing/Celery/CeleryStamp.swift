internal import JSON

/// A label that a caller has put on tasks, by which they can be revoked together.
struct CeleryStamp: Hashable {
    let name: String
    let value: String

    /// Most stamps of one task, or of one request, that count.
    private static let max = 100
    private static let bytesMax = 512

    /// Under which it is kept: no two stamps have the same.
    var text: String { JSONValue.array([.string(name), .string(value)]).encodedText }

    /// - Parameter stamps: names with a value or a list of them.
    static func all(in stamps: [String: JSONValue]) -> [CeleryStamp] {
        let pairs = stamps.sorted { $0.key < $1.key }.flatMap { name, value in
            (value.array ?? [value]).compactMap(\.string).map { CeleryStamp(name: name, value: $0) }
        }
        return Array(
            pairs.filter { $0.name.utf8.count + $0.value.utf8.count <= bytesMax }.prefix(max)
        )
    }

    /// Stamps as a request has them: by name, or a list of `name=value`.
    static func headers(_ value: JSONValue) -> [String: JSONValue] {
        if let members = value.object { return members }
        let pairs = (value.array ?? []).compactMap(\.string).compactMap { text in
            text.firstIndex(of: "=").map { equals in
                (
                    String(text[..<equals]),
                    JSONValue.string(String(text[text.index(after: equals)...]))
                )
            }
        }
        return Dictionary(pairs) { _, last in last }
    }
}
