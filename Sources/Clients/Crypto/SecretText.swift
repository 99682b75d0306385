/// Text that never prints and is wiped when the last owner lets go: a token, a password, a signed
/// address.
///
/// Comparing two takes a time that depends on their lengths only.
package struct SecretText: Sendable, Equatable {
    let bytes: SecretBytes

    /// Copies text; the original is the caller's, and Swift cannot wipe it.
    package init(_ text: String) {
        var text = text
        bytes = text.withUTF8 { source in
            SecretBytes(capacity: source.count) { room in
                room.copyBytes(from: source)
                return source.count
            }
        }
    }

    /// Takes over bytes without a copy.
    ///
    /// - Returns: `nil` when they are not valid UTF-8.
    package init?(_ bytes: SecretBytes) {
        guard bytes.withBytes({ String(validating: $0, as: UTF8.self) }) != nil else { return nil }
        self.bytes = bytes
    }

    package var isEmpty: Bool { bytes.count == 0 }

    /// A copy that is not wiped: keep it for as short a time as possible.
    package func reveal() -> String {
        bytes.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}

extension SecretText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SecretText(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
