import FoundationEssentials
import Testing

@testable import Crypto

/// Keys: their text, several of them, and replacing one by another.
struct FernetKeysTests {
    typealias Vectors = FernetTests

    @Test(arguments: [
        "", "abc", " ", "=", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4",
        "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4==", "AAECAwQFBgcICQoLDA0ODw==",
        "cw/0x689RpI+jtRR7oE8h/eQsKImvJapLeSbXpwF4e4=",
        "cw_0x689RpI-jtRR7oE8h_ eQsKImvJapLeSbXpwF4e4=",
        "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5=",
        "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=x",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==",
    ])
    func `what is not 32 bytes of padded base64url is no key`(_ text: String) {
        #expect(throws: CryptoError.badKey) { try FernetKey(text) }
    }

    @Test func `white space around a key and around a token is ignored, inside it is not`() throws {
        let token = Vectors.sealed[0].token
        let fernet = try Vectors.fernet("\t \(Vectors.specKeyText)\r\n")

        #expect(try fernet.openText("\n \(token)\r\n").reveal() == "hello")
        let broken = token.prefix(40) + "\n" + token.dropFirst(40)
        #expect(throws: CryptoError.badToken) { try fernet.open(String(broken)) }
    }

    @Test func `other alphabets and junk behind the padding are refused in tokens`() throws {
        let fernet = try Vectors.fernet(Vectors.specKeyText)
        let token = Vectors.sealed[0].token

        for other in [
            String(token.map { $0 == "_" ? "/" : $0 }), token + "x", token + "=",
            String(token.dropLast()), String(token.dropLast(2)), token + token,
        ] {
            #expect(throws: CryptoError.badToken) { try fernet.open(other) }
        }
    }

    @Test func `an empty list of keys is refused`() {
        #expect(throws: CryptoError.noKeys) { try Fernet(keys: []) }
    }

    @Test func `the first key seals and every key opens`() throws {
        let both = try Vectors.fernet(Vectors.specKeyText, Vectors.secondKeyText)
        let second = try Vectors.fernet(Vectors.secondKeyText)
        let first = try Vectors.fernet(Vectors.specKeyText)

        let token = try both.seal(Array("hello".utf8))

        #expect(try first.openText(token).reveal() == "hello")
        #expect(throws: CryptoError.badToken) { try second.open(token) }
        #expect(try both.openText(Vectors.secondKeyToken).reveal() == "hello")
        #expect(both.usesFirstKey(token))
        #expect(!both.usesFirstKey(Vectors.secondKeyToken))
    }

    @Test func `rotating seals with the first key and keeps the time`() throws {
        let both = try Vectors.fernet(Vectors.specKeyText, Vectors.secondKeyText)

        let rotated = try both.rotate(
            Vectors.secondKeyToken,
            initializationVector: Vectors.vector
        )

        let published =
            "gAAAAABlU_EAAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLUDpFCTfGz2XFbNHmfCv0YMdgLi5"
            + "6n1Yjngq4vT5ZInQ=="
        #expect(rotated == published)
        #expect(try FernetToken(both.rotate(rotated)).time == 1_700_000_000)
        #expect(both.usesFirstKey(rotated))
    }

    @Test func `a token that no key opens is not rotated`() throws {
        let first = try Vectors.fernet(Vectors.specKeyText)

        #expect(throws: CryptoError.badToken) { try first.rotate(Vectors.secondKeyToken) }
    }

    @Test func `a generated key works, and its text makes the same key`() throws {
        let (key, text) = try FernetKey.generate()
        let (_, otherText) = try FernetKey.generate()
        let secret = SecretText("act.example!4242.e1")

        let token = try Fernet(keys: [key]).seal(secret)

        #expect(text.count == 44 && text != otherText)
        #expect(try Vectors.fernet(text).openText(token) == secret)
    }

    @Test func `sealing the same text twice gives two different tokens of this second`() throws {
        let fernet = try Vectors.fernet(Vectors.specKeyText)
        let before = UInt64(Date.now.timeIntervalSince1970)

        let tokens = try [fernet.seal([1]), fernet.seal([1])]

        #expect(tokens[0] != tokens[1])
        let times = try tokens.map { try FernetToken($0).time }
        #expect(times.allSatisfy { (before...before + 60).contains($0) })
    }

    @Test func `every length up to three blocks comes back as it was`() throws {
        let fernet = try Vectors.fernet(Vectors.specKeyText)

        for length in 0...48 {
            let plain = (0..<length).map { UInt8($0) }
            #expect(try fernet.open(fernet.seal(plain)).reveal() == plain)
        }
    }

    @Test func `the longest secret comes back, and one byte more is refused`() throws {
        let fernet = try Vectors.fernet(Vectors.specKeyText)
        let longest = [UInt8](repeating: 7, count: Fernet.plainBytesMax)

        #expect(try fernet.open(" " + fernet.seal(longest) + "\n").reveal() == longest)
        #expect(throws: CryptoError.tooLong(limit: Fernet.plainBytesMax)) {
            try fernet.seal(longest + [7])
        }
    }

    @Test func `bytes that are not UTF-8 are no text`() throws {
        let fernet = try Vectors.fernet(Vectors.specKeyText)
        let token = try fernet.seal([0xff, 0xfe])

        #expect(try fernet.open(token).reveal() == [0xff, 0xfe])
        #expect(throws: CryptoError.badToken) { try fernet.openText(token) }
    }
}
