/// Takes secrets out of text: those it knows, and what looks like one.
///
/// Three nets. Registered secrets are replaced wherever they stand, in several encodings. Then
/// shapes: bearer tokens, TikTok's `act.` and `rft.`, Fernet tokens, values of telling parameters,
/// user and password of an address, and its whole query. Text that is too long to look through is
/// withheld.
package struct Redactor: Sendable {
    /// Longer text is not looked through but left out.
    package static let textBytesMax = 16 * 1024

    /// What stands for a secret.
    package static let mark = "[REDACTED]"

    package let secrets: SecretRegistry

    package init(secrets: SecretRegistry = SecretRegistry()) {
        self.secrets = secrets
    }

    /// The text without secrets; never fails.
    package func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.textBytesMax else { return "[\(bytes.count) BYTES WITHHELD]" }
        var scanner = RedactionScanner(bytes: bytes, known: secrets.index)
        return scanner.run()
    }
}

/// One pass over one text.
private struct RedactionScanner {
    let bytes: [UInt8]
    let known: SecretIndex
    private var place = 0
    private var output: [UInt8] = []
    /// The address that is being passed: where its query begins, and where it ends.
    private var query: Range<Int>?

    init(bytes: [UInt8], known: SecretIndex) {
        self.bytes = bytes
        self.known = known
        output.reserveCapacity(bytes.count)
    }

    mutating func run() -> String {
        while place < bytes.count {
            if let length = known.match(in: bytes, at: place) {
                hide(from: place, length: length)
            } else if let rest = passQuery() {
                hide(from: rest.lowerBound, length: rest.count)
            } else if let secret = SecretShapes.find(in: bytes, at: place) {
                hide(from: secret.lowerBound, length: secret.count)
            } else {
                output.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Everything behind the `?` or `#` of an address: a query may be a signature.
    private mutating func passQuery() -> Range<Int>? {
        let isKnown = query.map { place < $0.upperBound } ?? false
        if !isKnown { query = Address.query(in: bytes, at: place) }
        guard let query, query.lowerBound == place + 1, !query.isEmpty else { return nil }
        return query
    }

    /// Writes what stands before the secret, which is only a name and punctuation, then the mark.
    private mutating func hide(from start: Int, length: Int) {
        output += bytes[place..<start]
        // Two secrets side by side need one mark only.
        let mark = Array(Redactor.mark.utf8)
        if !output.suffix(mark.count).elementsEqual(mark) { output += mark }
        place = start + length
    }
}
