package import FoundationEssentials

/// What a value in PostgreSQL's text form can be read as.
package protocol PostgresDecodable {
    /// For error messages: "is not …".
    static var kind: String { get }

    /// Fails when the text does not have the wanted form.
    init?(postgresText text: String)
}

/// Any type: also `numeric`, `uuid`, `jsonb`, in the server's spelling.
extension String: PostgresDecodable {
    package static var kind: String { "text" }

    package init?(postgresText text: String) { self = text }
}

extension Int: PostgresDecodable {
    package static var kind: String { "a whole number of at most 64 bits" }

    package init?(postgresText text: String) { self.init(text) }
}

extension Int64: PostgresDecodable {
    package static var kind: String { "a whole number of at most 64 bits" }

    package init?(postgresText text: String) { self.init(text) }
}

extension Double: PostgresDecodable {
    package static var kind: String { "a number" }

    package init?(postgresText text: String) { self.init(text) }
}

extension Bool: PostgresDecodable {
    package static var kind: String { "a boolean" }

    package init?(postgresText text: String) {
        guard text == "t" || text == "f" else { return nil }
        self = text == "t"
    }
}

/// From `timestamptz`; `timestamp` and `date` count as UTC.
///
/// `infinity` fails.
extension Date: PostgresDecodable {
    package static var kind: String { "a time" }

    package init?(postgresText text: String) {
        guard let date = DateText.read(text) else { return nil }
        self = date
    }
}

/// From `bytea` (`[UInt8]`) or a flat `text[]` (`[String]`, `[String?]`).
extension Array: PostgresDecodable where Element: PostgresElement {
    package static var kind: String { "an array of \(Element.self)" }

    package init?(postgresText text: String) {
        guard let elements = Element.elements(fromText: text) else { return nil }
        self = elements
    }
}
