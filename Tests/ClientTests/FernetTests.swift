import FoundationEssentials
import Testing

@testable import Crypto

/// The vectors of github.com/fernet/spec, of pyca/cryptography's tests, and some more made with
/// pyca/cryptography 48.0.
struct FernetTests {
    static let specKeyText = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
    static let secondKeyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let vector = [UInt8](0...15)
    /// 1985-10-26T01:20:00-07:00.
    static let specTime: UInt64 = 499_162_800

    static func fernet(_ keys: String...) throws -> Fernet {
        try Fernet(keys: keys.map { try FernetKey($0) })
    }

    static func seal(_ text: String, key: String, time: UInt64) throws -> String {
        try Array(text.utf8).withUnsafeBytes {
            try fernet(key).seal($0, time: time, initializationVector: vector)
        }
    }

    static func date(_ seconds: UInt64) -> Date {
        Date(timeIntervalSince1970: Double(seconds))
    }

    // MARK: What the specification generates and accepts

    struct Sealed: Sendable, CustomTestStringConvertible {
        let key: String
        let plain: String
        var time: UInt64 = 1_700_000_000
        let token: String
        var testDescription: String { "\"\(plain)\" under \(key.prefix(4))…" }
    }

    static let sealed = [
        Sealed(
            key: specKeyText,
            plain: "hello",
            time: specTime,
            token:
                "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7Jcb"
                + "mrR64jVmpU4IwqDA=="
        ),
        Sealed(
            key: specKeyText,
            plain: "",
            token:
                "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAlUmnUsx2xOx6ISrCTpvgolfACmYV"
                + "Kg-pj6u5kOEpVrhQ=="
        ),
        Sealed(
            key: specKeyText,
            plain: "0123456789abcde",
            token:
                "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD5CqaPsMKbarR_oOFCQxHbWJ2lHfGOCccgYJKTvr5iYtmGFHDq"
                + "bN6A__I_49nAAD7Q=="
        ),
        Sealed(
            key: specKeyText,
            plain: "0123456789abcdef",
            token:
                "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD1xYxWk-FnTVkOLqDQyotg1f_5l_C34LZuLmvvtMaTZBcznjNm"
                + "Oks-SBNygwy9g1Dso-seNAtu-hD4XTVU0AtAA="
        ),
        Sealed(
            key: specKeyText,
            plain: "Zürich 🚀",
            token:
                "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD3RTRSdpRewPtssButymU7WDHdkeDki0tN_7vKZdLLxz6axdZ5"
                + "OkaEz7tQnHOed_1w=="
        ),
        Sealed(key: secondKeyText, plain: "hello", token: secondKeyToken),
    ]

    static let secondKeyToken =
        "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD4_9EBVfNSDZ7XtRxaHNdkXtnpiOvBp_5rgCTWkWJ4a71RudAww7-qtFix"
        + "rYFculFQ=="

    @Test(arguments: sealed)
    func `the same text, time and vector give the published token`(_ row: Sealed) throws {
        #expect(try Self.seal(row.plain, key: row.key, time: row.time) == row.token)
    }

    @Test(arguments: sealed)
    func `a published token opens, with and without a ttl`(_ row: Sealed) throws {
        let fernet = try Self.fernet(row.key)

        #expect(try fernet.openText(row.token).reveal() == row.plain)
        let inTime = try fernet.openText(row.token, ttl: 60, now: Self.date(row.time + 1))
        #expect(inTime.reveal() == row.plain)
    }

    // MARK: What the specification refuses

    struct Invalid: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let token: String
        var now = FernetTests.specTime + 1
        /// Whether only the time is wrong.
        var opensWithoutTTL = false
    }

    static let invalid = [
        Invalid(
            testDescription: "incorrect mac",
            token:
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1Yd"
                + "ykQUFBQUFBQUFBQQ=="
        ),
        Invalid(
            testDescription: "too short",
            token: "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=="
        ),
        Invalid(
            testDescription: "invalid base64",
            token:
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1Yd"
                + "ykRtfsH-p1YsUD2Q=="
        ),
        Invalid(
            testDescription: "payload size not a multiple of the block size",
            token:
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmx"
                + "bx_v7mrfyudzUm"
        ),
        Invalid(
            testDescription: "payload padding error",
            token:
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke"
                + "6CnJNYIbkuKNqOhw=="
        ),
        Invalid(
            testDescription: "far-future time",
            token:
                "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2"
                + "a6kBd-iX9b_qXQcw==",
            opensWithoutTTL: true
        ),
        Invalid(
            testDescription: "expired",
            token:
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1Yd"
                + "ykRtfsH-p1YsUD2Q==",
            now: 499_162_891,
            opensWithoutTTL: true
        ),
        Invalid(
            testDescription: "incorrect initialization vector",
            token:
                "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF"
                + "2AUEZ1TIvcZjK1zQ=="
        ),
    ]

    @Test(arguments: invalid)
    func `an invalid token is refused, and without a ttl only its age is forgiven`(
        _ row: Invalid
    ) throws {
        let fernet = try Self.fernet(Self.specKeyText)

        #expect(throws: CryptoError.badToken) {
            try fernet.open(row.token, ttl: 60, now: Self.date(row.now))
        }
        if row.opensWithoutTTL {
            #expect(try fernet.open(row.token).count == 0)
        } else {
            #expect(throws: CryptoError.badToken) { try fernet.open(row.token) }
        }
    }

    @Test(arguments: [
        "", " ", "=", "====", "\u{0}", "gA", "gA==", "gQ==", "gGFiYw==",
        String(repeating: "A", count: 4_000_000), "🚀",
    ])
    func `what is no token is refused like any other`(_ token: String) throws {
        let fernet = try Self.fernet(Self.specKeyText)

        #expect(throws: CryptoError.badToken) { try fernet.open(token) }
        #expect(throws: CryptoError.badToken) { try fernet.rotate(token) }
        #expect(!fernet.usesFirstKey(token))
    }

    @Test func `a token with any one bit changed is refused`() throws {
        let fernet = try Self.fernet(Self.specKeyText)
        let bytes = try #require(Base64URL.decode(Self.sealed[0].token, padding: .required))

        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let token = Base64URL.encode(changed, padding: .required)
            #expect(throws: CryptoError.badToken) { try fernet.open(token) }
        }
    }

    @Test func `a token cut at any place is refused`() throws {
        let fernet = try Self.fernet(Self.specKeyText)
        let token = Self.sealed[0].token

        for length in 0..<token.count {
            let cut = String(token.prefix(length))
            #expect(throws: CryptoError.badToken) { try fernet.open(cut) }
        }
    }

    // MARK: Age

    @Test(arguments: [
        (Int64(0), true), (60, true), (61, false), (-60, true), (-61, false),
    ])
    func `a ttl of 60 holds for 60 seconds, and a clock may be 60 seconds behind`(
        _ offset: Int64,
        _ opens: Bool
    ) throws {
        let fernet = try Self.fernet(Self.specKeyText)
        let now = Date(timeIntervalSince1970: Double(Int64(Self.specTime) + offset))

        let opened = try? fernet.open(Self.sealed[0].token, ttl: 60, now: now)
        #expect((opened != nil) == opens)
    }

    @Test func `a negative ttl opens nothing and a huge one does not overflow`() throws {
        let fernet = try Self.fernet(Self.specKeyText)
        let token = Self.sealed[0].token

        #expect(throws: CryptoError.badToken) {
            try fernet.open(token, ttl: -1, now: Self.date(Self.specTime))
        }
        #expect(try fernet.open(token, ttl: .max).count == 5)
        let late = try Self.seal("hello", key: Self.specKeyText, time: .max)
        #expect(throws: CryptoError.badToken) { try fernet.open(late, ttl: .max) }
        #expect(try fernet.open(late).count == 5)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -5])
    func `an impossible date neither traps nor makes an old token young`(_ seconds: Double) throws {
        let fernet = try Self.fernet(Self.specKeyText)
        let now = Date(timeIntervalSince1970: seconds)

        #expect(throws: CryptoError.badToken) {
            try fernet.open(Self.sealed[0].token, ttl: 60, now: now)
        }
        #expect(try fernet.openText(fernet.seal(Array("a".utf8), at: now)).reveal() == "a")
    }
}
