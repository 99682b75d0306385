/// One event, made safe and put into words.
struct LogLine {
    /// Most bytes of one value as it is written.
    static let valueBytesMax = 1024
    /// Most bytes of one line; fields that do not fit are left out, and the line says so.
    static let bytesMax = 8192
    /// Most fields of one line.
    static let fieldsMax = 64
    /// Stands for text of a field that is not on the list of readable ones.
    static let withheld = "[WITHHELD]"

    let time: String
    let level: LogLevel
    let event: String
    let fields: [(key: String, value: LogValue)]

    init(
        time: String,
        level: LogLevel,
        event: String,
        fields: [(key: String, value: LogValue)],
        redactor: Redactor
    ) {
        self.time = time
        self.level = level
        self.event = event
        self.fields = fields.map { key, value in
            guard case .string(let text) = value else { return (key, value) }
            guard LogKeys.readable.contains(key) else { return (key, .string(Self.withheld)) }
            return (key, .string(redactor.redact(text)))
        }
    }

    /// The line with its line feed, at most `bytesMax` and a few bytes.
    func bytes(_ format: LogFormat) -> [UInt8] {
        var line: String
        switch format {
        case .json: line = "{" + json + "}"
        case .text: line = text
        }
        line += "\n"
        return Array(line.utf8)
    }

    private var json: String {
        let head =
            #""time":"\#(time)","level":"\#(level.rawValue)","event":\#(Escaped.json(event))"#
        return bounded(head, cut: #","cut":true"#) { key, value in
            ",\(Escaped.json(key)):\(Self.json(value))"
        }
    }

    private var text: String {
        let name = level.rawValue.uppercased()
        let head = "\(time) \(name)\(String(repeating: " ", count: 7 - name.count)) \(event)"
        return bounded(head, cut: " cut=true") { key, value in
            " \(key)=\(Self.text(value))"
        }
    }

    private func bounded(
        _ head: String,
        cut: String,
        _ write: (String, LogValue) -> String
    ) -> String {
        var line = head
        for (key, value) in fields {
            let piece = write(key, value)
            guard line.utf8.count + piece.utf8.count <= Self.bytesMax else { return line + cut }
            line += piece
        }
        return line
    }

    private static func json(_ value: LogValue) -> String {
        switch value {
        case .string(let text): Escaped.json(text)
        case .integer(let number): String(number)
        case .double(let number): number.isFinite ? "\(number)" : "\"\(number)\""
        case .bool(let flag): flag ? "true" : "false"
        case .duration(let duration): "\(duration.inSeconds)"
        }
    }

    private static func text(_ value: LogValue) -> String {
        switch value {
        case .string(let text): Escaped.isPlain(text) ? text : Escaped.json(text)
        case .integer(let number): String(number)
        case .double(let number): "\(number)"
        case .bool(let flag): flag ? "true" : "false"
        case .duration(let duration): "\(duration.inSeconds)s"
        }
    }
}

extension Duration {
    /// Seconds, to the millisecond.
    fileprivate var inSeconds: Double {
        let milliseconds = components.attoseconds / 1_000_000_000_000_000
        return Double(components.seconds) + Double(milliseconds) / 1000
    }
}

/// Text that can neither end a line nor change how the rest of it looks.
enum Escaped {
    /// A JSON string of at most `LogLine.valueBytesMax` bytes and its quotes.
    static func json(_ text: String) -> String {
        var escaped = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            let piece = escape(scalar)
            count += piece.utf8.count
            guard count <= LogLine.valueBytesMax else { return escaped + "…\"" }
            escaped += piece
        }
        return escaped + "\""
    }

    /// Whether the text is one word that means itself in the text format.
    static func isPlain(_ text: String) -> Bool {
        (1...LogLine.valueBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"")
                    && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\\")
            }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        switch scalar.properties.generalCategory {
        // Controls, line separators, and marks that turn the direction of writing around.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            return UTF16.encode(scalar)?.map(unicode).joined() ?? ""
        default: return String(scalar)
        }
    }

    private static func unicode(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
