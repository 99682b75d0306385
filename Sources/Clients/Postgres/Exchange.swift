internal import CPostgres

/// What is sent to the server in one go.
enum Exchange: Sendable {
    /// One statement.
    case statement(SQL)
    /// Several statements in one round trip and one implicit transaction.
    case pipeline([SQL])
    /// Several statements in one text, without parameters.
    case script(String)

    /// The beginning of the text, for errors; parameters appear as numbers only.
    var summary: String {
        let text =
            switch self {
            case .statement(let sql): sql.text
            case .pipeline(let statements): statements.first?.text ?? ""
            case .script(let text): text
            }
        return text.count > 80 ? "\(text.prefix(80))…" : text
    }

    /// Hands the exchange to libpq, which sends now what the socket takes.
    ///
    /// - Returns: `false` when libpq refused, which means that the connection is broken.
    /// - Throws: `PostgresError.invalidStatement` before anything was sent.
    func send(on handle: OpaquePointer, limits: PostgresLimits) throws(PostgresError) -> Bool {
        switch self {
        case .statement(let sql):
            let statement = try EncodedStatement(sql)
            guard statement.send(on: handle) else { return false }
        case .pipeline(let statements):
            guard statements.count <= limits.pipeline else {
                throw .invalidStatement(
                    reason: "more than \(limits.pipeline) statements in a pipeline"
                )
            }
            let encoded = try statements.map { sql throws(PostgresError) in
                try EncodedStatement(sql)
            }
            guard PQenterPipelineMode(handle) == 1,
                encoded.allSatisfy({ $0.send(on: handle) }),
                PQpipelineSync(handle) == 1
            else { return false }
        case .script(let text):
            guard !text.utf8.contains(0) else {
                throw .invalidStatement(reason: "the script holds a NUL character")
            }
            guard PQsendQuery(handle, text) == 1 else { return false }
        }
        // One row at a time, so that the bounds hold while an answer arrives.
        return PQsetSingleRowMode(handle) == 1
    }
}

/// A statement as libpq takes it: parameters one after the other, each with a NUL behind it.
private struct EncodedStatement {
    private let text: String
    private var bytes: [UInt8] = []
    /// Where each parameter begins; `nil` for null.
    private var starts: [Int?] = []
    private var lengths: [CInt] = []
    /// 0 for text, 1 for bytes.
    private var formats: [CInt] = []

    /// What the protocol can number.
    private static let parameterLimit = 65_535

    init(_ sql: SQL) throws(PostgresError) {
        text = sql.text
        guard !text.utf8.contains(0) else {
            throw .invalidStatement(reason: "the statement holds a NUL character")
        }
        let parameters = sql.parameters
        guard parameters.count <= Self.parameterLimit else {
            throw .invalidStatement(reason: "more than \(Self.parameterLimit) parameters")
        }
        for (index, parameter) in parameters.enumerated() {
            try add(parameter, number: index + 1)
        }
    }

    private mutating func add(_ parameter: PostgresParameter, number: Int) throws(PostgresError) {
        let start = bytes.count
        switch parameter {
        case .null: break
        case .text(let text):
            // libpq would silently stop at the NUL.
            guard !text.utf8.contains(0) else {
                throw .invalidStatement(reason: "parameter \(number) holds a NUL character")
            }
            bytes.append(contentsOf: text.utf8)
        case .bytes(let content):
            bytes.append(contentsOf: content)
        }
        let length = bytes.count - start
        guard length < Int(CInt.max) else {
            throw .invalidStatement(reason: "parameter \(number) is larger than 2 GiB")
        }
        bytes.append(0)
        starts.append(parameter == .null ? nil : start)
        lengths.append(CInt(length))
        if case .bytes = parameter { formats.append(1) } else { formats.append(0) }
    }

    func send(on handle: OpaquePointer) -> Bool {
        bytes.withUnsafeBytes { bytes in
            let base = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return PQsendQueryParams(
                handle,
                text,
                CInt(values.count),
                nil,
                values,
                lengths,
                formats,
                0
            ) == 1
        }
    }
}
