import Testing

@testable import Crypto

struct CryptoDigestTests {
    /// FIPS 180-2, appendix B, and the empty message.
    static let digests = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test(arguments: digests)
    func `published digests come out, whole and in pieces`(_ text: String, _ digest: String) {
        let bytes = Array(text.utf8)
        let stream = SHA256Stream()
        for start in stride(from: 0, to: bytes.count, by: 977) {
            stream.update(Array(bytes[start..<min(start + 977, bytes.count)]))
            stream.update([])
        }

        #expect(SHA256.hex(bytes) == digest)
        #expect(stream.finish() == digest)
        #expect(SHA256.digest(bytes) == Hexadecimal.decode(digest))
    }

    @Test func `a finished digest takes no more bytes`() async {
        await #expect(processExitsWith: .failure) {
            let stream = SHA256Stream()
            _ = stream.finish()
            stream.update([1])
        }
    }

    struct Signature: Sendable {
        let key: [UInt8]
        let message: [UInt8]
        let expected: String
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7; then an empty key and message.
    static let signatures = [
        Signature(
            key: [UInt8](repeating: 0x0b, count: 20),
            message: Array("Hi There".utf8),
            expected: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        Signature(
            key: Array("Jefe".utf8),
            message: Array("what do ya want for nothing?".utf8),
            expected: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        Signature(
            key: [UInt8](repeating: 0xaa, count: 20),
            message: [UInt8](repeating: 0xdd, count: 50),
            expected: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        Signature(
            key: [UInt8](1...25),
            message: [UInt8](repeating: 0xcd, count: 50),
            expected: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        Signature(
            key: [UInt8](repeating: 0xaa, count: 131),
            message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            expected: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        Signature(
            key: [UInt8](repeating: 0xaa, count: 131),
            message: Array(
                ("This is a test using a larger than block-size key and a larger than "
                    + "block-size data. The key needs to be hashed before being used by the HMAC "
                    + "algorithm.").utf8
            ),
            expected: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
        Signature(
            key: [],
            message: [],
            expected: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        ),
    ]

    @Test(arguments: signatures)
    func `published signatures come out and are the only valid ones`(_ row: Signature) throws {
        let signature = HMACSHA256.sign(key: row.key, message: row.message)

        #expect(Hexadecimal.encode(signature) == row.expected)
        #expect(HMACSHA256.isValid(signature, key: row.key, message: row.message))
        #expect(!HMACSHA256.isValid(signature, key: row.key, message: row.message + [0]))
        #expect(!HMACSHA256.isValid(signature.dropLast(), key: row.key, message: row.message))
        #expect(!HMACSHA256.isValid([], key: row.key, message: row.message))
        var changed = signature
        changed[31] ^= 1
        #expect(!HMACSHA256.isValid(changed, key: row.key, message: row.message))
    }

    @Test func `a secret key signs as its bytes do`() {
        let message = Array("what do ya want for nothing?".utf8)
        let signature = HMACSHA256.sign(key: SecretText("Jefe"), message: message)

        #expect(signature == HMACSHA256.sign(key: Array("Jefe".utf8), message: message))
        #expect(HMACSHA256.isValid(signature, key: SecretText("Jefe"), message: message))
        #expect(!HMACSHA256.isValid(signature, key: SecretText("Jeff"), message: message))
    }
}
