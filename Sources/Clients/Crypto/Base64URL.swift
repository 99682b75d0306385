/// The base64 alphabet that is safe in addresses (RFC 4648, section 5), and nothing else: no
/// `+` or `/`, no white space, no stray bits in the last digit.
package enum Base64URL {
    /// Whether the text is filled up to a multiple of four with `=`.
    package enum Padding: Sendable {
        case required
        case none
    }

    package static func encode(_ bytes: [UInt8], padding: Padding = .none) -> String {
        bytes.withUnsafeBytes { encode($0, padding: padding) }
    }

    /// Reads text that `encode` with the same padding could have written.
    ///
    /// - Returns: `nil` for any other text.
    package static func decode(_ text: String, padding: Padding = .none) -> [UInt8]? {
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.utf8.count) { room, count in
            let written = decode(text.utf8, padding: padding, into: .init(room))
            count = written ?? 0
            isValid = written != nil
        }
        return isValid ? bytes : nil
    }

    static func encode(_ bytes: UnsafeRawBufferPointer, padding: Padding) -> String {
        let groups = (bytes.count + 2) / 3
        return String(unsafeUninitializedCapacity: groups * 4) { room in
            var written = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = bytes[start..<min(start + 3, bytes.count)]
                var bits = group.reduce(0) { $0 << 8 | UInt32($1) }
                bits <<= UInt32(3 - group.count) * 8
                for digit in 0...group.count {
                    room[written] = digits[Int(bits >> (18 - 6 * UInt32(digit)) & 63)]
                    written += 1
                }
            }
            while padding == .required, written % 4 != 0 {
                room[written] = equalsSign
                written += 1
            }
            return written
        }
    }

    /// Writes what `text` stands for into `output`, which is at least as long as the text.
    ///
    /// - Returns: how many bytes were written; `nil` when the text is not base64url.
    static func decode(
        _ text: some BidirectionalCollection<UInt8>,
        padding: Padding,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let total = text.count
        let filling = text.reversed().prefix(2).prefix { $0 == equalsSign }.count
        let digitCount = total - filling
        let expected = padding == .required ? (4 - digitCount % 4) % 4 : 0
        guard digitCount % 4 != 1, filling == expected else { return nil }

        var bits: UInt32 = 0
        var bitCount = 0
        var written = 0
        for character in text.prefix(digitCount) {
            guard let digit = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(digit)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            output[written] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            written += 1
            bits &= 1 << UInt32(bitCount) - 1
        }
        return bits == 0 ? written : nil
    }

    private static let equalsSign = UInt8(ascii: "=")
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
    )

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
