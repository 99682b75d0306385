/// What the owner's browser brings back from the consent page.
///
/// Source: Login Kit for Web, undated copy: `code`, `scopes` and `state`, or `error` and
/// `error_description`.
package struct ConsentAnswer: Sendable {
    package let code: AuthorizationCode
    /// What the owner agreed to, where TikTok says so.
    package let scopes: [String]

    /// Most characters of a pasted address.
    package static let textMax = 8192

    /// Takes the query of the address.
    ///
    /// The state is looked at first: an answer to another question, or a forged one, is not even
    /// read.
    package init(
        query: [(String, String)],
        state: String
    ) throws(ConsentError) {
        let values = Dictionary(grouping: query, by: \.0).mapValues { $0.map(\.1) }
        guard values.values.allSatisfy({ $0.count == 1 }) else { throw .malformed }
        guard let answered = values["state"]?.first, Self.isSame(answered, state) else {
            throw .wrongState
        }
        if let error = values["error"]?.first {
            let words = values["error_description"]?.first ?? ""
            throw .declined(
                code: error.cleaned(limit: 64),
                words: words.cleaned(limit: 300)
            )
        }
        guard let code = values["code"]?.first.flatMap({ AuthorizationCode($0) }) else {
            throw .noCode
        }
        self.code = code
        scopes = (values["scopes"]?.first ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    }

    /// Reads an address that was copied from the browser; it must begin with the redirect address.
    package init(
        address: String,
        redirect: String,
        state: String
    ) throws(ConsentError) {
        guard address.utf8.count <= Self.textMax else { throw .malformed }
        let whole = address.split(separator: "#", omittingEmptySubsequences: false).first ?? ""
        let parts = whole.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isSamePlace(String(parts[0]), redirect) else {
            throw .otherAddress
        }
        var query: [(String, String)] = []
        for pair in parts[1].split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(halves[0]),
                let value = Self.decode(halves.count > 1 ? halves[1] : "")
            else { throw .malformed }
            query.append((name, value))
        }
        try self.init(query: query, state: state)
    }

    /// Browsers add a slash to an address that is only a host.
    private static func isSamePlace(_ place: String, _ redirect: String) -> Bool {
        place == redirect || place == redirect + "/" || place + "/" == redirect
    }

    /// Takes a time that depends on the lengths only.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        return left.count == right.count && zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }

    /// Percent-decoded once, `+` read as a space; `nil` for a broken escape or what is no UTF-8.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy(\.isHexDigit),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { Character(Unicode.Scalar(self)).isHexDigit }
}

/// Why a consent brought no code.
package enum ConsentError: Error, Equatable, CustomStringConvertible {
    case otherAddress
    case malformed
    /// The answer belongs to another question, or somebody has made it up.
    case wrongState
    case declined(code: String, words: String)
    case noCode

    package var description: String {
        switch self {
        case .otherAddress: "that is not the redirect address with an answer behind it"
        case .malformed: "the answer cannot be read"
        case .wrongState:
            "the answer's state is not the one of this consent; begin again and use the newest page"
        case .declined(let code, let words):
            "the creator did not agree, or TikTok refused: \(code) \(words)"
        case .noCode: "the answer has no code"
        }
    }
}
