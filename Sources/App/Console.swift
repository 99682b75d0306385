internal import Files
internal import JSON
internal import Processes

/// What people and pipes read: lines on standard output, troubles on standard error.
struct Console: Sendable {
    /// Whether a person watches standard output.
    let isTerminal = Terminal.isTerminal(1)

    func out(_ text: String) {
        StandardStream.output.write(Array((text + "\n").utf8))
    }

    func err(_ text: String) {
        StandardStream.error.write(Array((text + "\n").utf8))
    }

    /// Replaces the line the cursor is on; only for terminals.
    func overwrite(_ text: String) {
        StandardStream.output.write(Array(("\r\u{1B}[K" + text).utf8))
    }

    /// One JSON document a line.
    func json(_ value: JSONValue) {
        out(value.encodedText)
    }
}

extension String {
    /// Spaces on the right up to a width in characters.
    func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }

    /// The text with whatever a terminal would act on made visible: history rows hold what
    /// strangers wrote.
    var printable: String {
        var safe = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                safe.append("\u{FFFD}")
            default: safe.append(scalar)
            }
        }
        return String(safe)
    }
}

/// Pure: columns of text, each as wide as its widest cell.
struct Table {
    private var rows: [[String]]

    init(_ heads: [String]) {
        rows = [heads]
    }

    mutating func add(_ cells: [String]) {
        rows.append(cells.map(\.printable))
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let line = zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
