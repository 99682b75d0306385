/// Reads JSON as RFC 8259 has it, and nothing that only looks like it: UTF-8, no comments, no
/// commas too many, no halves of a surrogate pair.
///
/// One pass over the bytes, so that a document costs what its length says, whatever is in it.
struct JSONParser {
    /// Arrays and objects inside each other.
    static let depthMax = 128

    /// Names kept of those that stand twice in one object.
    private static let repeatedMax = 20

    /// Longest number, in bytes: an exact double needs no more than 770 digits.
    private static let numberBytesMax = 1024

    private let bytes: [UInt8]
    private var place = 0
    private var depth = 0

    private(set) var repeatedNames: [JSONDocument.RepeatedName] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads the whole document.
    mutating func document() throws(JSONError) -> JSONValue {
        // A mark of byte order may be ignored (RFC 8259, section 8.1); it is no other encoding.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
        skipBlanks()
        let value = try value()
        guard place == bytes.count else { throw wrong("something follows the document") }
        return value
    }

    /// One value and the blanks behind it.
    private mutating func value() throws(JSONError) -> JSONValue {
        guard let next else { throw wrong("a value is missing") }
        let value: JSONValue
        switch next {
        case UInt8(ascii: "{"): value = try object()
        case UInt8(ascii: "["): value = try array()
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = try word("true", .bool(true))
        case UInt8(ascii: "f"): value = try word("false", .bool(false))
        case UInt8(ascii: "n"): value = try word("null", .null)
        default: value = try number()
        }
        skipBlanks()
        return value
    }

    // MARK: What holds others

    private mutating func object() throws(JSONError) -> JSONValue {
        try open()
        var members: [String: JSONValue] = [:]
        var isFirst = true
        while try !close(UInt8(ascii: "}"), isFirst: isFirst) {
            guard next == UInt8(ascii: "\"") else { throw wrong("a name is missing") }
            let name = try string()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw wrong("a colon is missing") }
            skipBlanks()
            let value = try value()
            if members.updateValue(value, forKey: name) != nil { note(repeated: name) }
            isFirst = false
        }
        return .object(members)
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try open()
        var items: [JSONValue] = []
        while try !close(UInt8(ascii: "]"), isFirst: items.isEmpty) {
            items.append(try value())
        }
        return .array(items)
    }

    private mutating func open() throws(JSONError) {
        guard depth < Self.depthMax else { throw wrong("it is nested too deeply") }
        depth += 1
        place += 1
        skipBlanks()
    }

    /// Whether an object or array ends here; otherwise takes the comma before its next part.
    private mutating func close(_ end: UInt8, isFirst: Bool) throws(JSONError) -> Bool {
        if take(end) {
            depth -= 1
            return true
        }
        guard !isFirst else { return false }
        guard take(UInt8(ascii: ",")) else { throw wrong("a comma or an end is missing") }
        skipBlanks()
        // Otherwise the comma would be one too many.
        guard next != end else { throw wrong("a value is missing") }
        return false
    }

    private mutating func note(repeated name: String) {
        let repeated = JSONDocument.RepeatedName(name: name, isOutermost: depth == 1)
        guard repeatedNames.count < Self.repeatedMax, !repeatedNames.contains(repeated) else {
            return
        }
        repeatedNames.append(repeated)
    }

    // MARK: Words and numbers

    private mutating func word(
        _ word: StaticString,
        _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        let letters = word.description.utf8
        guard bytes[place...].starts(with: letters) else { throw wrong("a value is missing") }
        place += letters.count
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = place
        _ = take(UInt8(ascii: "-"))
        // A zero stands alone.
        if !take(UInt8(ascii: "0")) { try digits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard place - start <= Self.numberBytesMax else { throw wrong("a number is too long") }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isWhole, let whole = Int64(text) { return .integer(whole) }
        guard let double = Double(text), double.isFinite else {
            throw wrong("a number is too large")
        }
        // Some serialisers write 3.0 for 3.
        return !isWhole
            ? Int64(exactly: double).map { .integer($0) } ?? .double(double)
            : .double(double)
    }

    /// One digit or more.
    private mutating func digits() throws(JSONError) {
        let start = place
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { place += 1 }
        guard place > start else { throw wrong("a value or a digit is missing") }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        place += 1
        let start = place
        var unescaped: [UInt8] = []
        var copied = start
        while let next {
            switch next {
            case UInt8(ascii: "\""):
                let rest = bytes[copied..<place]
                let text =
                    copied == start
                    ? String(validating: rest, as: UTF8.self)
                    : String(validating: unescaped + rest, as: UTF8.self)
                guard let text else { throw wrong("a string is not UTF-8") }
                place += 1
                return text
            case UInt8(ascii: "\\"):
                unescaped += bytes[copied..<place]
                unescaped += UTF8.encode(try escape()) ?? .init()
                copied = place
            case 0..<0x20: throw wrong("a control character in a string")
            default: place += 1
            }
        }
        throw wrong("a string does not end")
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        place += 1
        guard let next else { throw wrong("a string does not end") }
        place += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(next)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw wrong("an unknown escape")
        }
    }

    /// Four digits, or two times four for what lies beyond 16 bits.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw wrong("half a surrogate pair")
        }
        let second = try unit()
        guard UTF16.isTrailSurrogate(second),
            let scalar = Unicode.Scalar(
                0x1_0000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))
            )
        else { throw wrong("half a surrogate pair") }
        return scalar
    }

    private mutating func unit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let next, let digit = Character(Unicode.Scalar(next)).hexDigitValue,
                next < 0x80
            else { throw wrong("an escape without four digits") }
            unit = unit << 4 | UInt16(digit)
            place += 1
        }
        return unit
    }

    // MARK: Bytes

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func skipBlanks() {
        while let next, [0x20, 0x09, 0x0A, 0x0D].contains(next) { place += 1 }
    }

    private func wrong(_ reason: StaticString) -> JSONError {
        JSONError("\(reason) at byte \(place)")
    }
}
