internal import Synchronization

/// Secrets that are alive in this process, so that they can be found in text and taken out.
///
/// Register a secret when it is read and forget it when it is dropped; one registered twice is
/// forgotten the second time. Each is found as it is and in the encodings it may travel in.
package final class SecretRegistry: Sendable {
    /// Shorter secrets are not registered: they would be found in innocent words.
    package static let secretBytesMin = 6
    package static let secretBytesMax = 8192
    /// Most secrets at a time.
    package static let secretsMax = 8192

    private let state = Mutex(State())

    private struct State {
        var uses: [String: Int] = [:]
        var index = SecretIndex()
    }

    package init() {}

    /// Takes up a secret.
    ///
    /// - Returns: whether it is guarded now; `false` when its length or the number of secrets is
    ///   out of bounds, then only the patterns protect it.
    @discardableResult
    package func register(_ secret: String) -> Bool {
        let length = secret.utf8.count
        guard (Self.secretBytesMin...Self.secretBytesMax).contains(length) else { return false }
        return state.withLock { state in
            if let uses = state.uses[secret] {
                state.uses[secret] = uses + 1
                return true
            }
            guard state.uses.count < Self.secretsMax else { return false }
            state.uses[secret] = 1
            for form in SecretForms.all(of: secret) { state.index.insert(form) }
            return true
        }
    }

    /// Drops a secret that was registered as often as it was forgotten.
    package func forget(_ secret: String) {
        state.withLock { state in
            guard let uses = state.uses[secret] else { return }
            if uses > 1 {
                state.uses[secret] = uses - 1
            } else {
                state.uses[secret] = nil
                for form in SecretForms.all(of: secret) { state.index.remove(form) }
            }
        }
    }

    /// What there is to look for at this moment.
    var index: SecretIndex { state.withLock { $0.index } }
}

/// Finds any of many byte strings at a place, by their first six bytes.
struct SecretIndex: Sendable {
    private static let prefixLength = SecretRegistry.secretBytesMin

    /// In each bucket the longest first; two secrets can share a form, so forms are counted.
    private var buckets: [UInt64: [(form: [UInt8], uses: Int)]] = [:]

    mutating func insert(_ form: [UInt8]) {
        guard let key = Self.key(form, at: 0) else { return }
        var bucket = buckets[key] ?? []
        if let place = bucket.firstIndex(where: { $0.form == form }) {
            bucket[place].uses += 1
        } else {
            let place = bucket.firstIndex { $0.form.count < form.count } ?? bucket.endIndex
            bucket.insert((form, 1), at: place)
        }
        buckets[key] = bucket
    }

    mutating func remove(_ form: [UInt8]) {
        guard let key = Self.key(form, at: 0), var bucket = buckets[key],
            let place = bucket.firstIndex(where: { $0.form == form })
        else { return }
        bucket[place].uses -= 1
        if bucket[place].uses == 0 { bucket.remove(at: place) }
        buckets[key] = bucket.isEmpty ? nil : bucket
    }

    /// Bytes of text that the longest secret beginning there takes up.
    ///
    /// Backslashes in the text count for nothing, so that a secret is found inside a string inside
    /// a string, however deep; the forms hold none.
    func match(in text: [UInt8], at start: Int) -> Int? {
        guard !buckets.isEmpty, text[start] != Self.backslash,
            let key = Self.key(text, at: start), let bucket = buckets[key]
        else { return nil }
        return bucket.lazy.compactMap { Self.length(of: $0.form, in: text, at: start) }.first
    }

    private static let backslash = UInt8(ascii: "\\")

    private static func length(of form: [UInt8], in text: [UInt8], at start: Int) -> Int? {
        var place = start
        for byte in form {
            while place < text.count, text[place] == backslash { place += 1 }
            guard place < text.count, text[place] == byte else { return nil }
            place += 1
        }
        return place - start
    }

    /// The first six bytes that are no backslashes; those may be many, but not without end.
    private static func key(_ bytes: [UInt8], at start: Int) -> UInt64? {
        var key: UInt64 = 0
        var missing = prefixLength
        for byte in bytes[start...].prefix(prefixLength * 16) where byte != backslash {
            key = key << 8 | UInt64(byte)
            missing -= 1
            if missing == 0 { return key }
        }
        return nil
    }
}

/// The ways in which a secret may be written.
enum SecretForms {
    /// As it is; percent-encoded once or twice; with its letters beyond ASCII as JSON may write
    /// them; hexadecimal; and in base64, wherever it stands in the encoded text.
    static func all(of secret: String) -> Set<[UInt8]> {
        let bytes = Array(secret.utf8)
        let encoded = percentEncoded(bytes, digits: upper)
        var forms: Set<[UInt8]> = [
            bytes, jsonUnicode(secret), encoded, percentEncoded(bytes, digits: lower),
            percentEncoded(encoded, digits: upper), hexadecimal(bytes, digits: lower),
            hexadecimal(bytes, digits: upper),
        ]
        for shift in 0..<3 {
            forms.insert(base64(bytes, shift: shift, last: "+/"))
            forms.insert(base64(bytes, shift: shift, last: "-_"))
        }
        let found = forms.map { form in form.filter { $0 != UInt8(ascii: "\\") } }
        // A form shorter than the index's prefix cannot be looked for, and would match anything.
        return Set(found.filter { $0.count >= SecretRegistry.secretBytesMin })
    }

    private static let upper: StaticString = "0123456789ABCDEF"
    private static let lower: StaticString = "0123456789abcdef"

    private static func jsonUnicode(_ secret: String) -> [UInt8] {
        secret.utf16.flatMap { unit -> [UInt8] in
            if unit < 0x80 { return [UInt8(unit)] }
            return Array("u".utf8)
                + hexadecimal([UInt8(unit >> 8), UInt8(unit & 255)], digits: lower)
        }
    }

    private static func percentEncoded(_ bytes: [UInt8], digits: StaticString) -> [UInt8] {
        let digits = Array(digits.description.utf8)
        return bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                [byte]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func hexadecimal(_ bytes: [UInt8], digits: StaticString) -> [UInt8] {
        let digits = Array(digits.description.utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Base64 of the bytes when `shift` bytes of something else stand before them in a group of
    /// three, without the characters at both ends that depend on their neighbours.
    private static func base64(_ bytes: [UInt8], shift: Int, last: StaticString) -> [UInt8] {
        let alphabet = Array(
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                + last.description).utf8
        )
        var encoded: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in [UInt8](repeating: 0, count: shift) + bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                encoded.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
        }
        return Array(encoded.dropFirst(shift == 0 ? 0 : shift + 1))
    }
}
