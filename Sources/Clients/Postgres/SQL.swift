/// A statement whose interpolated values are bound as parameters, never spliced into its text.
///
///     let row: SQL = "SELECT status FROM publish_history WHERE job_id = \(job)"
///
/// There is no way from a `String` variable to SQL text, except as a quoted identifier.
package struct SQL: Sendable, Equatable {
    private enum Piece: Sendable, Equatable {
        case text(String)
        case parameter(PostgresParameter)
    }

    private var pieces: [Piece] = []

    /// The statement with `$1`, `$2`, … in place of the parameters.
    package var text: String {
        var text = ""
        var number = 0
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .parameter:
                number += 1
                text += "$\(number)"
            }
        }
        return text
    }

    /// In the order of their numbers.
    package var parameters: [PostgresParameter] {
        pieces.compactMap { piece in
            guard case .parameter(let parameter) = piece else { return nil }
            return parameter
        }
    }

    /// Joins two parts; the parameters of the second are numbered on.
    package static func + (left: SQL, right: SQL) -> SQL {
        var joined = left
        joined += right
        return joined
    }

    package static func += (left: inout SQL, right: SQL) {
        left.pieces += right.pieces
    }
}

extension [SQL] {
    /// One statement of all parts with `separator` between them.
    package func joined(separator: SQL) -> SQL {
        guard let first else { return "" }
        return dropFirst().reduce(first) { $0 + separator + $1 }
    }
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: StaticString) {
        pieces = [.text("\(value)")]
    }

    package init(stringInterpolation: Interpolation) {
        self = stringInterpolation.sql
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL()

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.pieces.reserveCapacity(2 * interpolationCount + 1)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            sql.pieces.append(.text("\(literal)"))
        }

        /// A value, bound as a parameter.
        package mutating func appendInterpolation(_ value: some PostgresBindable) {
            sql.pieces.append(.parameter(value.parameter))
        }

        /// A value that may be missing, bound as a parameter: `nil` becomes null.
        package mutating func appendInterpolation<Value: PostgresBindable>(_ value: Value?) {
            sql.pieces.append(.parameter(value.parameter))
        }

        /// A parameter spelt out, for example `\(.json(text))`.
        package mutating func appendInterpolation(_ parameter: PostgresParameter) {
            sql.pieces.append(.parameter(parameter))
        }

        /// Another part of SQL.
        package mutating func appendInterpolation(_ part: SQL) {
            sql += part
        }

        /// The name of a table, column or schema, quoted.
        ///
        /// One longer than 63 bytes is cut by the server.
        package mutating func appendInterpolation(identifier: String) {
            sql.pieces.append(.text(QuotedIdentifier.quote(identifier)))
        }
    }
}

/// The rule of `PQescapeIdentifier`: in double quotes, with quotes inside doubled.
enum QuotedIdentifier {
    static func quote(_ name: String) -> String {
        var quoted = "\""
        for character in name.unicodeScalars {
            if character == "\"" { quoted.unicodeScalars.append(character) }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
