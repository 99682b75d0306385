/// Rules for names of hosts, before anybody is asked for their addresses.
enum HostName {
    /// Labels of 1–63 letters, digits, `_` and inner hyphens, 253 characters in all, no dot at the
    /// end, and nothing that an old parser would take for an IPv4 address.
    static func isSound(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(host.utf8.count), let last = labels.last else { return false }
        return labels.allSatisfy(isLabel) && !isNumber(last)
    }

    /// Names that the internet does not give to anybody: RFC 6761, RFC 6762, RFC 7686, RFC 8375
    /// and ICANN's `internal`; also all names without a dot.
    static func isSpecial(_ host: String) -> Bool {
        let labels = host.split(separator: ".")
        guard labels.count > 1, let last = labels.last else { return true }
        return special.contains(last)
    }

    private static let special: Set<Substring> = [
        "arpa", "internal", "invalid", "local", "localhost", "onion", "test",
    ]

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }

    /// Decimal, octal or hexadecimal, as `inet_aton` reads the last part of an address.
    private static func isNumber(_ label: Substring) -> Bool {
        guard label.hasPrefix("0x") else { return label.utf8.allSatisfy(isDigit) }
        return label.utf8.dropFirst(2).allSatisfy { byte in
            isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
