extension String {
    /// Text from outside made fit to show and store: no control, formatting or line-breaking
    /// characters, and at most `limit` Unicode scalars.
    package func cleaned(limit: Int) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in unicodeScalars.prefix(limit) {
            kept.append(scalar.isInvisible ? " " : scalar)
        }
        return String(kept)
    }

    /// The text with every occurrence of the secrets replaced.
    func hiding(_ secrets: [String]) -> String {
        secrets.filter { $0.utf8.count >= 6 }
            .reduce(self) { text, secret in text.replacing(secret, with: "[REDACTED]") }
    }

    /// Percent-encoded for a query or a form: everything but `A–Z a–z 0–9 - . _ ~`.
    package var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += (byte < 16 ? "%0" : "%") + digits
            }
        }
        return encoded
    }
}

extension Unicode.Scalar {
    /// Whether the scalar can change a line's meaning without being seen: controls, line and
    /// paragraph separators, direction overrides.
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

/// Name and value pairs as `application/x-www-form-urlencoded`, for bodies and queries.
func formEncoded(_ pairs: [(String, String)]) -> String {
    pairs.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
}
