/// Hosts that an upload address may have.
///
/// A pattern is a host (`upload.example.com`), every host below one (`*.tiktokapis.com`: any depth,
/// whole labels, not the name itself), or `http://` with a loopback address: only that allows plain
/// http, and then on any port unless one is named. Hosts of the first two kinds: https on port 443.
/// Source of the default: Get Started and Media Transfer Guide, copies of 2026-09-11.
package struct UploadHosts: Sendable, Equatable {
    private let rules: [Rule]

    private enum Rule: Equatable {
        case host(String)
        case below(String)
        case loopback(host: String, port: Int?)
    }

    /// TikTok's own hosts.
    package static let tiktok = UploadHosts(rules: [.below("tiktokapis.com")])

    private init(rules: [Rule]) {
        self.rules = rules
    }

    /// Reads patterns; white space around them and capital letters do not matter.
    ///
    /// - Throws: `UploadHostsError` naming the first pattern that is none.
    package init(_ patterns: [String]) throws(UploadHostsError) {
        guard (1...64).contains(patterns.count) else { throw UploadHostsError(pattern: "") }
        var rules: [Rule] = []
        for pattern in patterns {
            guard let rule = Self.rule(pattern) else { throw UploadHostsError(pattern: pattern) }
            rules.append(rule)
        }
        self.rules = rules
    }

    /// Whether bytes may go there; the port is 443 where an https address names none.
    package func allows(scheme: String, host: String, port: Int) -> Bool {
        let scheme = scheme.lowercased()
        let host = Self.withoutBrackets(host.lowercased())
        return rules.contains { rule in
            switch rule {
            case .host(let name): scheme == "https" && port == 443 && host == name
            case .below(let name):
                scheme == "https" && port == 443 && Self.isHostName(host)
                    && host.hasSuffix("." + name)
            case .loopback(let address, let onlyPort):
                scheme == "http" && host == address && (onlyPort ?? port) == port
            }
        }
    }

    private static func rule(_ pattern: String) -> Rule? {
        let text = pattern.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        if text.hasPrefix("http://") { return loopback(text.dropFirst(7)) }
        if text.hasPrefix("*.") {
            let name = String(text.dropFirst(2))
            // A star before a single label would allow a whole top-level domain.
            return isHostName(name) && name.contains(".") ? .below(name) : nil
        }
        return isHostName(text) ? .host(text) : nil
    }

    private static func loopback(_ authority: Substring) -> Rule? {
        for address in ["127.0.0.1", "[::1]"] where authority.hasPrefix(address) {
            let rest = authority.dropFirst(address.count)
            if rest.isEmpty { return .loopback(host: withoutBrackets(address), port: nil) }
            guard rest.hasPrefix(":"), let port = wholeNumber(rest.dropFirst()),
                (1...65535).contains(port)
            else { return nil }
            return .loopback(host: withoutBrackets(address), port: Int(port))
        }
        return nil
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Labels of 1–63 letters, digits and inner hyphens; at most 253 characters in all.
    private static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy(isLabelByte)
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A pattern that is neither a host, nor `*.` and a host, nor `http://` and a loopback address.
package struct UploadHostsError: Error, Equatable, CustomStringConvertible {
    package let pattern: String

    package var description: String {
        "'\(pattern)' is no upload host; write upload.example.com, *.example.com"
            + " or http://127.0.0.1"
    }
}
