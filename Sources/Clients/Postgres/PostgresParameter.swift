package import FoundationEssentials

/// A value bound to a statement; it never becomes part of the SQL text.
///
/// Parameters carry no type: the server infers it from the place, as it does for a quoted literal.
/// Where it cannot tell, cast: `\(count)::bigint`.
package enum PostgresParameter: Sendable, Equatable {
    case null
    case text(String)
    /// Sent as they are, for `bytea`.
    case bytes([UInt8])

    /// JSON text for a `json` or `jsonb` place.
    package static func json(_ text: String) -> PostgresParameter { .text(text) }
}

/// What can stand in the interpolation of an `SQL` literal.
package protocol PostgresBindable {
    var parameter: PostgresParameter { get }
}

extension PostgresParameter: PostgresBindable {
    package var parameter: PostgresParameter { self }
}

extension String: PostgresBindable {
    package var parameter: PostgresParameter { .text(self) }
}

extension Int: PostgresBindable {
    package var parameter: PostgresParameter { .text(String(self)) }
}

extension Int64: PostgresBindable {
    package var parameter: PostgresParameter { .text(String(self)) }
}

extension Double: PostgresBindable {
    package var parameter: PostgresParameter {
        .text(isFinite ? String(self) : isNaN ? "NaN" : self < 0 ? "-Infinity" : "Infinity")
    }
}

extension Bool: PostgresBindable {
    package var parameter: PostgresParameter { .text(self ? "t" : "f") }
}

/// Rounded to microseconds, which is all that `timestamptz` keeps.
extension Date: PostgresBindable {
    package var parameter: PostgresParameter { .text(DateText.write(self)) }
}

extension Optional: PostgresBindable where Wrapped: PostgresBindable {
    package var parameter: PostgresParameter { self?.parameter ?? .null }
}

extension Array: PostgresBindable where Element: PostgresElement {
    package var parameter: PostgresParameter { Element.parameter(of: self) }
}

/// What arrays can hold: `UInt8` makes a `bytea`; `String` and `String?` make a `text[]`.
package protocol PostgresElement {
    static func parameter(of elements: [Self]) -> PostgresParameter
    static func elements(fromText text: String) -> [Self]?
}

extension UInt8: PostgresElement {
    package static func parameter(of elements: [UInt8]) -> PostgresParameter { .bytes(elements) }

    package static func elements(fromText text: String) -> [UInt8]? { ByteaText.read(text) }
}

extension String: PostgresElement {
    package static func parameter(of elements: [String]) -> PostgresParameter {
        .text(ArrayText.write(elements))
    }

    /// Fails when an element is null.
    package static func elements(fromText text: String) -> [String]? {
        guard let elements = ArrayText.read(text) else { return nil }
        let present = elements.compactMap(\.self)
        return present.count == elements.count ? present : nil
    }
}

extension Optional: PostgresElement where Wrapped == String {
    package static func parameter(of elements: [String?]) -> PostgresParameter {
        .text(ArrayText.write(elements))
    }

    package static func elements(fromText text: String) -> [String?]? { ArrayText.read(text) }
}
