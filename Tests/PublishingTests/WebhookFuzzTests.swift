import Foundation
import HTTP
import Support
import Testing

@testable import Publishing
@testable import TikTok

/// What is posted to the address for webhooks, changed at random.
@Suite(.timeLimit(.minutes(600)))
struct WebhookFuzzTests {
    private static let bodies = [
        body(
            "post.publish.complete",
            #""{\"publish_id\":\"p\",\"publish_type\":\"INBOX_SHARE\"}""#
        ),
        body("post.publish.failed", #"{"publish_id":"p","reason":"internal"}"#),
        body("post.publish.publicly_available", #"{"publish_id":"p","post_id":77000000000000000}"#),
        body("authorization.removed", #""{\"reason\":3}""#),
    ]

    private static func body(_ event: String, _ content: String) -> String {
        #"{"client_key":"ck","event":"\#(event)","create_time":1790000000,"user_openid":"o","#
            + #""content":\#(content)}"#
    }

    @Test func `a body at random is news that can be kept, or is refused`() async throws {
        let words = [
            "null", "[]", "-1", "1e30", "0", "9223372036854775808", #"\"publish_id\":"#, #"\""#,
            #"\u0000"#, #"\u202e"#, "\u{1B}", #""event":"#, "post.publish.",
            "authorization.removed",
            #"{\"a\":"#, "253402300800",
        ]
        let fuzzer = Fuzzer("webhooks", corpus: Self.bodies.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 8000) { input in
            switch Self.read(input) {
            case .success(let webhook):
                if let note = WebhookNote(webhook) { try Self.check(note) }
            case .failure(let error):
                let words = error.description.unicodeScalars
                let isPlain = words.allSatisfy { (0x20...0x7E).contains($0.value) }
                try BrokenPromise.unless(isPlain && words.count < 200, "words that act: \(error)")
            }
        }
    }

    private static func read(_ body: [UInt8]) -> Result<Webhook, WebhookError> {
        Result { () throws(WebhookError) in try Webhook(parsing: body) }
    }

    /// PostgreSQL must be able to keep it, and the log to show it.
    private static func check(_ note: WebhookNote) throws {
        for text in [note.subject, note.event, note.postID, note.openID, note.reason ?? ""] {
            try BrokenPromise.unless(!text.utf8.contains(0), "a NUL")
            try BrokenPromise.unless(text.utf8.count <= 2048, "\(text.utf8.count) bytes")
        }
        try BrokenPromise.unless(!note.subject.isEmpty && !note.event.isEmpty, "nothing to keep")
        let seconds = note.saidAt.timeIntervalSince1970
        try BrokenPromise.unless((1...253_402_300_799).contains(seconds), "at \(seconds)")
        let digits = note.postID.utf8.allSatisfy { (0x30...0x39).contains($0) }
        try BrokenPromise.unless(digits, "a number that is none")
    }

    @Test func `only the very signature is taken`() async throws {
        let vector = WebhookSignatureTests.vectors[0]
        let secret = try #require(ClientSecret(vector.secret))
        let body = Array(vector.body.utf8)
        let words = ["t=", "s=", ",", "=", " ", vector.time, "0", "00"]
        let fuzzer = Fuzzer("signatures", corpus: [Array(vector.header.utf8)], words: words)

        try await fuzzer.run(rounds: 8000) { input in
            let text = String(decoding: input, as: UTF8.self)
            guard let signature = WebhookSignature(["TikTok-Signature": text]),
                signature.isValid(for: body, secret: secret)
            else { return }
            let words = text.lowercased()
            try BrokenPromise.unless(
                words.contains("t=\(vector.time)") && words.contains("s=\(vector.digest)"),
                "another signature is taken: \(text)"
            )
        }
    }
}
