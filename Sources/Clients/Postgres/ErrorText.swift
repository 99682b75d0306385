/// Reads what libpq writes for people.
enum ErrorText {
    static func oneLine(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        let words = lines.flatMap { $0.split(whereSeparator: \.isWhitespace) }
        return words.isEmpty ? "no reason given" : words.joined(separator: " ")
    }

    /// What went wrong while connecting.
    ///
    /// libpq passes the server's SQLSTATE on only inside its text, as
    /// `FATAL:  53300: sorry, too many clients already`, and only with verbose errors.
    static func connectFailure(_ text: String) -> PostgresError {
        // With several hosts there are several lines; the last one counts.
        for line in text.split(whereSeparator: \.isNewline).reversed() {
            let parts = line.split(separator: ":").map { $0.drop(while: \.isWhitespace) }
            for (index, part) in parts.enumerated() where index > 0 && isSQLState(part) {
                let message = parts[(index + 1)...].joined(separator: ": ")
                return .server(
                    sqlState: String(part),
                    message: oneLine(message),
                    detail: nil,
                    constraint: nil
                )
            }
        }
        return .notConnected(reason: oneLine(text))
    }

    /// Five capitals or digits, the first of them a digit in every class a refusal can have.
    private static func isSQLState(_ text: Substring) -> Bool {
        text.utf8.count == 5 && text.first?.isNumber == true
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            }
    }
}
