import FoundationEssentials
import Synchronization
import Telemetry
import Testing

/// Collects what a log writes.
final class Lines: Sendable {
    private let written = Mutex<[String]>([])

    var sink: Log.Sink {
        { bytes in self.written.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    }

    var all: [String] { written.withLock { $0 } }
    var last: String { all.last ?? "" }
}

struct TelemetryRedactionTests {
    /// With what makes encodings differ: quotes, slashes, a plus, a percent sign, an umlaut.
    static let canary = #"Can"ary/7+x%9\öQz"#

    struct Disguise: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        var testDescription: String { name }
    }

    // tidy: long function, because it is one table of disguises.
    static func disguises(of secret: String) -> [Disguise] {
        let bytes = Array(secret.utf8)
        func quoted(_ text: String) -> String {
            let escaped = text.map { "\"\\".contains($0) ? "\\\($0)" : String($0) }.joined()
            return "\"\(escaped)\""
        }
        func percent(_ text: String, uppercase: Bool) -> String {
            text.utf8.map { byte in
                let isPlain =
                    Character(Unicode.Scalar(byte)).isLetter && byte < 0x80
                    || (0x30...0x39).contains(byte)
                let digits = String(byte, radix: 16, uppercase: uppercase)
                return isPlain
                    ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
            }.joined()
        }
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        let once = quoted(secret)
        return [
            Disguise(name: "as it is", text: secret),
            Disguise(name: "inside words", text: "x\(secret)y"),
            Disguise(name: "twice", text: secret + secret),
            Disguise(
                name: "query",
                text: "https://h.example/p?a=1&x=\(percent(secret, uppercase: true))"
            ),
            Disguise(name: "percent, lower", text: percent(secret, uppercase: false)),
            Disguise(
                name: "percent twice",
                text: percent(percent(secret, uppercase: true), uppercase: true)
            ),
            Disguise(name: "JSON", text: #"{"k":\#(once)}"#),
            Disguise(name: "JSON key", text: #"{\#(once):1}"#),
            Disguise(name: "JSON in JSON", text: quoted(#"{"k":\#(once)}"#)),
            Disguise(name: "JSON in JSON in JSON", text: quoted(quoted(once))),
            Disguise(
                name: "JSON in ASCII",
                text: once.split(separator: "ö").joined(separator: #"\u00f6"#)
            ),
            Disguise(name: "slashes", text: once.split(separator: "/").joined(separator: #"\/"#)),
            Disguise(name: "map", text: "\([secret: [Optional(secret)]])"),
            Disguise(name: "debug", text: String(reflecting: Optional(secret))),
            Disguise(name: "base64", text: base64(secret)),
            Disguise(name: "base64, one before", text: base64("k:" + secret)),
            Disguise(name: "base64, two before", text: base64("key:" + secret + ":x")),
            Disguise(
                name: "hex",
                text: bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            ),
            Disguise(
                name: "HEX",
                text: bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
                    .joined()
            ),
        ]
    }

    /// Pieces of the canary that would tell of it in any of the encodings above.
    static let traces = [
        "Can", "ary/7", "7+x", "7%2", "x%9", "Q2Fu", "Fue", "NhbiJ", "436172", "43616e",
    ]

    @Test(arguments: disguises(of: canary))
    func `a registered secret appears in no line, however it is written`(disguise: Disguise) {
        let registry = SecretRegistry()
        #expect(registry.register(Self.canary))
        let lines = Lines()

        for format in LogFormat.allCases {
            let log = Log(
                level: .debug,
                format: format,
                redactor: Redactor(secrets: registry),
                sink: lines.sink
            )
            LogContext.$current.withValue(
                LogContext(job: disguise.text, traceparent: disguise.text)
            ) {
                log.error(
                    "canary.test",
                    [
                        "reason": .string(disguise.text), "detail": "before \(disguise.text) after",
                        "error": .error(Failure.withText(disguise.text)),
                        "never_listed": .string(disguise.text),
                    ]
                )
            }
        }

        #expect(lines.all.count == 2)
        for line in lines.all {
            for trace in Self.traces { #expect(!line.contains(trace), "\(trace) in \(line)") }
            #expect(line.contains("REDACTED"))
            #expect(line.contains("WITHHELD"))
        }
    }

    enum Failure: Error {
        case withText(String)
    }

    @Test(arguments: [
        "Authorization: Bearer canaryCANARY1", "bearer%20canaryCANARY1", "Bearer  canaryCANARY1",
        "Authorization: Basic canaryCANARY1 more", "Cookie: a=canaryCANARY1; b=2",
        "token act.canaryCANARY1!4421.va", "rft.canaryCANARY1", "x%3Dact.canaryCANARY1",
        "gAAAAABcanaryCANARY1-_canaryCANARY1==", "\\nact.canaryCANARY1",
        "access_token=canaryCANARY1", "refresh_token: canaryCANARY1", "clientSecret=canaryCANARY1",
        #"{"access_token":"canaryCANARY1"}"#, #"{\"access_token\":\"canaryCANARY1\"}"#,
        #"{\\\"access_token\\\":\\\"canaryCANARY1\\\"}"#, #"{"password":"a\"canaryCANARY1"}"#,
        "%7B%22access_token%22%3A%22canaryCANARY1%22%7D", "access_token%3DcanaryCANARY1",
        #"["client_secret": Optional("canaryCANARY1")]"#, "TIKTOK_CLIENT_SECRET=canaryCANARY1",
        "password='pass canaryCANARY1'", "db_password = canaryCANARY1", "PGPASSWORD=canaryCANARY1",
        "?code=canaryCANARY1", "a=1&state=canaryCANARY1", "%26code%3DcanaryCANARY1",
        #""code":"canaryCANARY1""#, "state=canaryCANARY1",
        "redis://:canaryCANARY1@127.0.0.1:6379/0", "postgres://u:canaryCANARY1@h/db",
        "redis://u:p@ss/canaryCANARY1@h", "https://canaryCANARY1@h/",
        "https://h/p?X-Amz-Signature=canaryCANARY1", "https://h/p#canaryCANARY1",
        "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=canaryCANARY1",
        "/video/?upload_id=canaryCANARY1", "GET /p?X-Goog-Signature=canaryCANARY1 HTTP/1.1",
        "AWSAccessKeyId=canaryCANARY1", "code_verifier=canaryCANARY1", "TikTok-Signature: t=1,s=2",
    ])
    func `what looks like a secret is taken out`(text: String) {
        let redacted = Redactor().redact(text)

        #expect(!redacted.lowercased().contains("canary"), "\(redacted)")
        #expect(redacted.contains(Redactor.mark))
    }

    @Test(arguments: [
        "spam_risk_too_many_posts", "code=access_token_invalid", "state: uploading_chunk",
        "state=PROCESSING_UPLOAD", "v_pub_file~v2-1.7700000000000000001", "fact.checking.words",
        "https://open.tiktokapis.com/v2/post/publish/video/init/", "https://www.tiktok.com/@mira",
        "20261101083000AB12CD34EF56", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "the code is 7", "is it there?", "", "naïve 👍 text", "impact.assessment", "key: value",
        "token expired", "cannot connect: connection refused (127.0.0.1:6379)",
    ])
    func `ordinary text stays as it is`(text: String) {
        #expect(Redactor().redact(text) == text)
    }

    @Test func `what surrounds a secret stays readable`() {
        let redactor = Redactor()

        #expect(redactor.redact("redis://u:p@h:1/0 down") == "redis://[REDACTED]@h:1/0 down")
        #expect(
            redactor.redact("GET https://h/p?sig=1 -> 200") == "GET https://h/p?[REDACTED] -> 200"
        )
        #expect(
            redactor.redact(#"{"access_token":"x","n":1}"#)
                == #"{"access_token":"[REDACTED]","n":1}"#
        )
    }

    @Test func `a secret is guarded until it is forgotten as often as it was registered`() {
        let registry = SecretRegistry()
        let redactor = Redactor(secrets: registry)
        registry.register("hunter2hunter2")
        registry.register("hunter2hunter2")

        registry.forget("hunter2hunter2")
        #expect(redactor.redact("a hunter2hunter2 b") == "a [REDACTED] b")
        registry.forget("hunter2hunter2")
        #expect(redactor.redact("a hunter2hunter2 b") == "a hunter2hunter2 b")
        registry.forget("hunter2hunter2")
    }

    @Test func `the longest of several secrets is taken`() {
        let registry = SecretRegistry()
        for secret in ["abcdefgh", "abcdefghijkl", "abcdefXY"] { registry.register(secret) }

        #expect(Redactor(secrets: registry).redact("-abcdefghijkl-") == "-[REDACTED]-")
        registry.forget("abcdefghijkl")
        #expect(Redactor(secrets: registry).redact("-abcdefghijkl-") == "-[REDACTED]ijkl-")
    }

    @Test func `secrets too short, too long or too many are not registered`() {
        let registry = SecretRegistry()

        #expect(!registry.register(""))
        #expect(!registry.register("short"))
        #expect(!registry.register(String(repeating: "x", count: 8193)))
    }

    @Test func `text too long to look through is left out`() {
        let text = String(repeating: "a", count: 20_000) + "act.canaryCANARY1"

        #expect(Redactor().redact(text) == "[20017 BYTES WITHHELD]")
    }

    @Test(arguments: ["://", "?", "code=", "\"password\":\"", "bearer ", "a=", "%3D", "@", "act."])
    func `hostile text is read through without harm`(piece: String) {
        let text = String(repeating: piece, count: 16_000 / piece.utf8.count)

        #expect(Redactor().redact(text).utf8.count <= 3 * text.utf8.count)
    }
}
