internal import CPostgres

/// Gathers the answers to one exchange from libpq's results, within bounds.
struct AnswerCollector {
    enum Step {
        case goOn
        /// The server has answered the whole pipeline.
        case pipelineEnded
        /// The connection cannot be used for anything else.
        case unusable(PostgresError)
    }

    private let limits: PostgresLimits
    private var answers: [PostgresResult] = []
    /// The first error; later ones only follow from it.
    private var failure: PostgresError?
    private var columns: PostgresColumns?
    private var rows: [PostgresRow] = []
    private var rowCount = 0
    private var byteCount = 0

    init(limits: PostgresLimits) {
        self.limits = limits
    }

    var outcome: Result<[PostgresResult], PostgresError> {
        failure.map { .failure($0) } ?? .success(answers)
    }

    mutating func add(_ result: OpaquePointer) -> Step {
        switch PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE: return addRows(result)
        case PGRES_TUPLES_OK:
            let step = addRows(result)
            endStatement(result)
            return step
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: endStatement(result)
        case PGRES_PIPELINE_SYNC: return .pipelineEnded
        case PGRES_PIPELINE_ABORTED: break
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            return .unusable(.invalidStatement(reason: "COPY is not supported"))
        default: failure = failure ?? Self.failure(of: result)
        }
        return .goOn
    }

    private mutating func addRows(_ result: OpaquePointer) -> Step {
        let count = Int(PQntuples(result))
        guard count > 0 else { return .goOn }
        let columns = self.columns ?? Self.columns(of: result)
        self.columns = columns
        for row in 0..<count {
            rowCount += 1
            rows.append(PostgresRow(columns: columns, values: values(of: result, row: CInt(row))))
        }
        if rowCount > limits.rows {
            return .unusable(.resultTooLarge(bound: "\(limits.rows) rows"))
        }
        if byteCount > limits.bytes {
            return .unusable(.resultTooLarge(bound: "\(limits.bytes) bytes"))
        }
        return .goOn
    }

    private mutating func endStatement(_ result: OpaquePointer) {
        let affected = PQcmdTuples(result).map { String(cString: $0) } ?? ""
        let tag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        answers.append(PostgresResult(rows: rows, rowsAffected: Int(affected) ?? 0, tag: tag))
        rows = []
        columns = nil
    }

    private mutating func values(of result: OpaquePointer, row: CInt) -> [String?] {
        (0..<PQnfields(result)).map { column in
            guard PQgetisnull(result, row, column) == 0,
                let start = PQgetvalue(result, row, column)
            else { return nil }
            let length = Int(PQgetlength(result, row, column))
            byteCount += length
            let bytes = UnsafeRawBufferPointer(start: start, count: length)
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func columns(of result: OpaquePointer) -> PostgresColumns {
        PostgresColumns(
            names: (0..<PQnfields(result)).map { column in
                PQfname(result, column).map { String(cString: $0) } ?? ""
            }
        )
    }

    private static func failure(of result: OpaquePointer) -> PostgresError {
        func field(_ code: CInt) -> String? {
            PQresultErrorField(result, code).map { String(cString: $0) }
        }
        guard let state = field(postgres_field_sql_state) else {
            let message = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
            return .connectionLost(reason: ErrorText.oneLine(message))
        }
        return .server(
            sqlState: state,
            message: field(postgres_field_message) ?? "",
            detail: field(postgres_field_detail),
            constraint: field(postgres_field_constraint)
        )
    }
}
