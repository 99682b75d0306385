/// The text form of `text[]`, for example `{a,"b c",NULL}`.
enum ArrayText {
    /// Every element quoted, so that only quotes and backslashes need care.
    static func write(_ elements: [String?]) -> String {
        var bytes = [UInt8(ascii: "{")]
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            guard let element else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in element.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    bytes.append(UInt8(ascii: "\\"))
                }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: `nil` when the text is not an array, or one of arrays.
    static func read(_ text: String) -> [String?]? {
        var reader = ArrayReader(text)
        return reader.readArray()
    }
}

/// Walks once over the text of an array.
private struct ArrayReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) {
        let bytes = Array(text.utf8)
        // Bounds that do not begin at 1 are written first: [0:1]={a,b}
        if bytes.first == UInt8(ascii: "["), let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
            rest = bytes[(equals + 1)...]
        } else {
            rest = bytes[...]
        }
    }

    mutating func readArray() -> [String?]? {
        guard rest.popFirst() == UInt8(ascii: "{"), rest.popLast() == UInt8(ascii: "}") else {
            return nil
        }
        var elements: [String?] = []
        guard !rest.isEmpty else { return elements }
        while true {
            guard let element = readElement() else { return nil }
            elements.append(element)
            guard let separator = rest.popFirst() else { return elements }
            guard separator == UInt8(ascii: ",") else { return nil }
        }
    }

    /// - Returns: the element, which may be null, or `nil` when the text is broken.
    private mutating func readElement() -> String?? {
        guard rest.first == UInt8(ascii: "\"") else { return readBareElement() }
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return .some(String(decoding: bytes, as: UTF8.self))
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func readBareElement() -> String?? {
        let word = rest.prefix { $0 != UInt8(ascii: ",") }
        let forbidden = [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\"")]
        guard !word.isEmpty, !word.contains(where: forbidden.contains) else { return nil }
        rest.removeFirst(word.count)
        let text = String(decoding: word, as: UTF8.self)
        return text == "NULL" ? .some(nil) : .some(text)
    }
}

/// The hexadecimal text form of `bytea`: `\x00ff`.
enum ByteaText {
    static func read(_ text: String) -> [UInt8]? {
        let digits = text.utf8.dropFirst(2)
        guard text.hasPrefix("\\x"), digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = hexValue(digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
