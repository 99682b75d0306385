import Testing

@testable import Crypto

struct CryptoEncodingTests {
    /// RFC 4648, section 10.
    static let published = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: published)
    func `published base64 goes both ways, padded and not`(_ plain: String, _ text: String) {
        let bytes = Array(plain.utf8)
        let bare = String(text.prefix { $0 != "=" })

        #expect(Base64URL.encode(bytes, padding: .required) == text)
        #expect(Base64URL.encode(bytes) == bare)
        #expect(Base64URL.decode(text, padding: .required) == bytes)
        #expect(Base64URL.decode(bare) == bytes)
        if bare != text {
            #expect(Base64URL.decode(text) == nil)
            #expect(Base64URL.decode(bare, padding: .required) == nil)
        }
    }

    @Test(arguments: [
        "A", "AAAAA", "Zh", "Zm9", "Zg=", "Zg===", "=", "==", "===", "====", "Z===", "=Zg=",
        "Zg==Zg==", "Zm9v====", "Zm9v\n", " Zm9v", "Zm 9v", "+/+/", "Zm9v\u{0}", "Zm9%", "Zmé",
    ])
    func `text that no encoder writes is refused`(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
        #expect(Base64URL.decode(text, padding: .required) == nil)
    }

    @Test func `every byte at every place comes back`() {
        for byte in UInt8.min...UInt8.max {
            for bytes in [[byte], [0, byte], [255, 0, byte], [byte, 1, 2, byte]] {
                #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
                let padded = Base64URL.encode(bytes, padding: .required)
                #expect(Base64URL.decode(padded, padding: .required) == bytes)
                #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
            }
        }
    }

    @Test func `the last two letters are those that addresses allow`() {
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    }

    @Test func `of all two-digit texts only those that encode one byte are read`() {
        let alphabet = (0..<128).map { Character(UnicodeScalar(UInt8($0))) }
        let accepted = alphabet.flatMap { first in
            alphabet.map { "\(first)\($0)" }.filter { Base64URL.decode($0) != nil }
        }

        #expect(Set(accepted) == Set((0...255).map { Base64URL.encode([UInt8($0)]) }))
    }

    @Test func `hexadecimal is written in lower case and read in either`() {
        #expect(Hexadecimal.encode([0, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(Hexadecimal.decode("000FA5ff") == [0, 0x0f, 0xa5, 0xff])
        #expect(Hexadecimal.decode("") == [])
    }

    @Test(arguments: ["0", "000", "0x00", "zz", " 00", "00\n", "0g", "é", "+1"])
    func `what is not pairs of hexadecimal digits is refused`(_ text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}
