package import FoundationEssentials

/// What one statement answered.
package struct PostgresResult: Sendable {
    package let rows: [PostgresRow]
    /// Rows inserted, changed, deleted or selected; 0 for other statements.
    package let rowsAffected: Int
    /// The server's word for what it did, for example `INSERT 0 1` or `COMMIT`.
    let tag: String
}

/// The names of the columns, shared by all rows of a result.
final class PostgresColumns: Sendable {
    let names: [String]
    let indices: [String: Int]

    /// Of columns with the same name the first counts.
    init(names: [String]) {
        self.names = names
        indices = Dictionary(
            zip(names, names.indices),
            uniquingKeysWith: { first, _ in first }
        )
    }
}

/// One row; values are read by column name and type, and an error names the column.
package struct PostgresRow: Sendable {
    private let columns: PostgresColumns
    private let values: [String?]

    init(columns: PostgresColumns, values: [String?]) {
        self.columns = columns
        self.values = values
    }

    package var columnNames: [String] { columns.names }

    /// Reads a value that must be there.
    ///
    /// - Throws: `PostgresError.decoding` when it is null, missing or of another form.
    package func decode<Value: PostgresDecodable>(
        _ column: String,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = try decodeIfAny(column, as: type) else {
            throw .decoding(column: column, reason: "is null")
        }
        return value
    }

    /// Reads a value that may be null.
    ///
    /// - Throws: `PostgresError.decoding` when the column is missing or of another form.
    package func decodeIfAny<Value: PostgresDecodable>(
        _ column: String,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        guard let index = columns.indices[column] else {
            throw .decoding(column: column, reason: "is not in the result")
        }
        guard let text = values[index] else { return nil }
        guard let value = Value(postgresText: text) else {
            throw .decoding(column: column, reason: "is not \(Value.kind)")
        }
        return value
    }

    // MARK: By name

    package func text(_ column: String) throws(PostgresError) -> String { try decode(column) }

    package func int(_ column: String) throws(PostgresError) -> Int { try decode(column) }

    package func int64(_ column: String) throws(PostgresError) -> Int64 { try decode(column) }

    package func double(_ column: String) throws(PostgresError) -> Double { try decode(column) }

    package func bool(_ column: String) throws(PostgresError) -> Bool { try decode(column) }

    package func date(_ column: String) throws(PostgresError) -> Date { try decode(column) }

    package func bytes(_ column: String) throws(PostgresError) -> [UInt8] { try decode(column) }

    package func textArray(_ column: String) throws(PostgresError) -> [String] {
        try decode(column)
    }

    package func textIfAny(_ column: String) throws(PostgresError) -> String? {
        try decodeIfAny(column)
    }

    package func intIfAny(_ column: String) throws(PostgresError) -> Int? {
        try decodeIfAny(column)
    }

    package func int64IfAny(_ column: String) throws(PostgresError) -> Int64? {
        try decodeIfAny(column)
    }

    package func doubleIfAny(_ column: String) throws(PostgresError) -> Double? {
        try decodeIfAny(column)
    }

    package func boolIfAny(_ column: String) throws(PostgresError) -> Bool? {
        try decodeIfAny(column)
    }

    package func dateIfAny(_ column: String) throws(PostgresError) -> Date? {
        try decodeIfAny(column)
    }

    package func bytesIfAny(_ column: String) throws(PostgresError) -> [UInt8]? {
        try decodeIfAny(column)
    }

    package func textArrayIfAny(_ column: String) throws(PostgresError) -> [String]? {
        try decodeIfAny(column)
    }
}
