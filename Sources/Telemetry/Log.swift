package import FoundationEssentials

/// Writes one line an event.
///
///     log.info("job.retry", ["wait": .duration(delay), "reason": .string(code.text)])
///
/// The event and the names of fields are literals, so nothing from outside can become one. Text
/// passes the list of readable fields and then the redactor before it is written.
package struct Log: Sendable {
    /// Where lines go: each call gets one whole line with its line feed, to be written at once.
    package typealias Sink = @Sendable ([UInt8]) -> Void

    package let level: LogLevel
    package let redactor: Redactor
    private let format: LogFormat
    private let sink: Sink
    private let now: @Sendable () -> Date

    /// Makes a log; events below `level` cost a comparison and nothing else.
    package init(
        level: LogLevel = .info,
        format: LogFormat = .json,
        redactor: Redactor,
        now: @escaping @Sendable () -> Date = { Date() },
        sink: @escaping Sink
    ) {
        self.level = level
        self.format = format
        self.redactor = redactor
        self.now = now
        self.sink = sink
    }

    package func debug(_ event: StaticString, _ fields: Fields = [:]) {
        write(.debug, event, fields)
    }

    package func info(_ event: StaticString, _ fields: Fields = [:]) {
        write(.info, event, fields)
    }

    package func warning(_ event: StaticString, _ fields: Fields = [:]) {
        write(.warning, event, fields)
    }

    package func error(_ event: StaticString, _ fields: Fields = [:]) {
        write(.error, event, fields)
    }

    /// Names are literals; a field without a value is left out.
    package typealias Fields = KeyValuePairs<StaticString, LogValue?>

    /// Writes one event, with what `LogContext.current` adds.
    package func write(_ level: LogLevel, _ event: StaticString, _ fields: Fields = [:]) {
        guard level >= self.level else { return }
        let own = fields.compactMap { name, value in value.map { (name.description, $0) } }
        // What the event says itself counts; a name twice would make the JSON ambiguous.
        let inherited = LogContext.current.fields.filter { field in
            !own.contains { $0.0 == field.key }
        }
        let line = LogLine(
            time: Timestamp.text(now()),
            level: level,
            event: event.description,
            fields: inherited + own.prefix(LogLine.fieldsMax),
            redactor: redactor
        )
        sink(line.bytes(format))
    }
}
