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

    /// Tells a person; words of others in it cannot act on the terminal.
    func err(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let safe = lines.map { String($0).printable }.joined(separator: "\n")
        StandardStream.error.write(Array((safe + "\n").utf8))
    }

    /// Replaces the line the cursor is on; only for terminals.
    func overwrite(_ text: String) {
        StandardStream.output.write(Array(("\r\u{1B}[K" + text).utf8))
    }

    /// One JSON document a line, with whatever a terminal would act on escaped.
    func json(_ value: JSONValue) {
        out(value.encodedText.escapedForTerminals)
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
            safe.append(scalar.actsOnTerminals ? "\u{FFFD}" : scalar)
        }
        return String(safe)
    }

    /// JSON text that means the same: outside of its strings there are no such characters.
    var escapedForTerminals: String {
        guard unicodeScalars.contains(where: \.actsOnTerminals) else { return self }
        return unicodeScalars.map { scalar in
            scalar.actsOnTerminals
                ? (UTF16.encode(scalar) ?? .init()).map(Self.jsonEscape).joined() : String(scalar)
        }.joined()
    }

    private static func jsonEscape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Unicode.Scalar {
    /// Controls, line separators, and marks that turn the direction of writing around.
    fileprivate var actsOnTerminals: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
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
