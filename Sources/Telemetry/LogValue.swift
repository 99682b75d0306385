/// What a field of a log line may hold.
///
/// There is no case for "anything": whoever logs says what it is, and only text can hold a secret.
package enum LogValue: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case bool(Bool)
    /// Written in seconds.
    case duration(Duration)

    /// Any whole number; one beyond 64 bits is cut to their end.
    package static func integer(_ value: some BinaryInteger) -> LogValue {
        .integer(Int64(clamping: value))
    }

    /// What an error says of itself.
    package static func error(_ error: any Error) -> LogValue {
        .string(String(describing: error))
    }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
