/// Where a request goes: the target of the request line, taken apart and percent-decoded once.
struct RequestTarget {
    let path: String
    let query: [(String, String)]
    /// Host and port of an absolute target, `http://host:1/…`; must agree with the Host field.
    let authority: String?

    /// Takes visible ASCII, checked by the caller.
    init(_ bytes: ArraySlice<UInt8>, method: String) throws(HTTPRefusal) {
        var rest = bytes
        authority = try Self.takeAuthority(&rest)
        if rest.elementsEqual("*".utf8), method == "OPTIONS", authority == nil {
            (path, query) = ("*", [])
            return
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        let rawPath = rest[..<(mark ?? rest.endIndex)]
        path = try Self.decodePath(rawPath, isAbsolute: authority != nil)
        query = try mark.map { at throws(HTTPRefusal) in try Self.pairs(rest[(at + 1)...]) } ?? []
    }

    private static func takeAuthority(
        _ rest: inout ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> String? {
        guard rest.first != UInt8(ascii: "/"), !rest.elementsEqual("*".utf8) else { return nil }
        let start = String(decoding: rest.prefix(8), as: UTF8.self).lowercased()
        guard start.hasPrefix("http://") || start.hasPrefix("https://") else {
            throw .malformed("the target is neither a path nor an http URL")
        }
        rest = rest.dropFirst(start.hasPrefix("http://") ? 7 : 8)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        let authority = rest[..<(end ?? rest.endIndex)]
        rest = rest[authority.endIndex...]
        guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else {
            throw .malformed("the target's authority is empty or carries a user")
        }
        return String(decoding: authority, as: UTF8.self)
    }

    private static func decodePath(
        _ bytes: ArraySlice<UInt8>,
        isAbsolute: Bool
    ) throws(HTTPRefusal) -> String {
        if bytes.isEmpty, isAbsolute { return "/" }
        guard bytes.first == UInt8(ascii: "/") else {
            throw .malformed("the path does not begin with a slash")
        }
        let path = try decode(bytes, plusIsSpace: false)
        guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .malformed("the path contains a control character")
        }
        return path
    }

    private static func pairs(
        _ bytes: ArraySlice<UInt8>
    ) throws(HTTPRefusal) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let name = try decode(part[..<(equals ?? part.endIndex)], plusIsSpace: true)
            let value = part[(equals.map { $0 + 1 } ?? part.endIndex)...]
            pairs.append((name, try decode(value, plusIsSpace: true)))
        }
        return pairs
    }

    private static func decode(
        _ bytes: ArraySlice<UInt8>,
        plusIsSpace: Bool
    ) throws(HTTPRefusal) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            var byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, let high = HTTPBytes.hexValue(bytes[index + 1]),
                    let low = HTTPBytes.hexValue(bytes[index + 2])
                else { throw .malformed("a percent sign without two hexadecimal digits") }
                byte = high << 4 | low
                index += 2
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            decoded.append(byte)
            index += 1
        }
        guard let text = String(validating: decoded, as: UTF8.self), !decoded.contains(0) else {
            throw .malformed("the target is not UTF-8 text")
        }
        return text
    }
}
