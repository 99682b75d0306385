import Testing

@testable import Crypto

struct CryptoSecretsTests {
    /// Everything Swift offers to look at a value.
    private static func prints(of value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [
            "\(value)", String(describing: value), String(reflecting: value), dumped,
            "\([value])", "\(["key": value])", "\(Optional(value) as Any)",
            String(reflecting: Mirror(reflecting: value).children.map(\.value)),
        ]
    }

    @Test func `no way of printing shows a secret`() throws {
        let secret = "s3cret-token"
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        let bytes = SecretBytes(copying: Array(secret.utf8))
        let fernet = try Fernet(keys: [FernetKey(key)])

        for value: Any in [bytes, SecretText(secret), try FernetKey(key), fernet] {
            for text in Self.prints(of: value) {
                #expect(!text.contains("s3cret") && !text.contains("115, 51"))
                #expect(!text.contains("AAECAw") && !text.contains("0, 1, 2"))
            }
        }
    }

    @Test func `a secret comes back as it was given`() throws {
        for text in ["", "a", "Zürich 🚀", String(repeating: "x", count: 10_000)] {
            let secret = SecretText(text)
            #expect(secret.reveal() == text)
            #expect(secret.isEmpty == text.isEmpty)
            #expect(SecretBytes(copying: Array(text.utf8)).reveal() == Array(text.utf8))
        }
    }

    @Test func `secrets compare by their bytes`() {
        #expect(SecretText("abc") == SecretText("abc"))
        #expect(SecretText("abc") != SecretText("abd"))
        #expect(SecretText("abc") != SecretText("abcd"))
        #expect(SecretText("") == SecretText(""))
        #expect(SecretText("é") != SecretText("e\u{301}"))
    }

    @Test func `a fill that fails leaves no secret behind`() {
        #expect(throws: CryptoError.noRandomness) {
            try SecretBytes(capacity: 8) { _ throws(CryptoError) in throw .noRandomness }
        }
    }

    @Test func `random bytes have the length asked for and do not repeat`() throws {
        #expect(try RandomBytes.make(0) == [])
        #expect(try RandomBytes.make(65_536).count == 65_536)
        #expect(try RandomBytes.hex(16).count == 32)
        let drawn = try (0..<1000).map { _ in try RandomBytes.hex(8) }
        #expect(Set(drawn).count == 1000)
    }

    @Test func `no error's text carries what went wrong with whom`() {
        for error in [CryptoError.badKey, .noKeys, .badToken, .tooLong(limit: 3), .noRandomness] {
            #expect(!error.description.isEmpty)
        }
        #expect(CryptoError.library(call: "EVP_Cipher").description == "EVP_Cipher failed")
    }
}
