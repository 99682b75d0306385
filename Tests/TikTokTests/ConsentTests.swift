import Testing

@testable import TikTok

/// Redirect addresses, and what comes back to them.
struct ConsentTests {
    @Test(arguments: [
        ("https://example.org/tiktok", RedirectAddress.Flow.web),
        ("https://example.org:8443/", .web),
        (
            "http://127.0.0.1:8912/callback",
            .desktop(host: "127.0.0.1", port: 8912, isPlainHTTP: true)
        ),
        ("http://localhost:*/callback", .desktop(host: "localhost", port: nil, isPlainHTTP: true)),
        ("http://127.0.0.1:*", .desktop(host: "127.0.0.1", port: nil, isPlainHTTP: true)),
        ("https://localhost:443/", .desktop(host: "localhost", port: 443, isPlainHTTP: false)),
    ])
    func `the address says which flow it is`(text: String, flow: RedirectAddress.Flow) throws {
        #expect(try RedirectAddress(text).flow == flow)
    }

    @Test(arguments: [
        ("http://example.org/tiktok", RedirectAddressError.plainHTTP),
        ("https://example.org:*/", .plainHTTP),
        ("http://127.0.0.1/callback", .noPort),
        ("http://localhost", .noPort),
        ("https://example.org/?a=b", .notStatic),
        ("https://example.org/#top", .notStatic),
        ("https://user@example.org/", .malformed),
        ("ftp://127.0.0.1:21/", .malformed),
        ("example.org", .malformed),
        ("", .malformed),
        ("https://example.org/" + String(repeating: "a", count: 492), .tooLong),
    ])
    func `an address TikTok would not take is refused`(text: String, error: RedirectAddressError) {
        #expect(throws: error) { try RedirectAddress(text) }
    }

    @Test func `a wildcard port becomes the one that is listened on`() throws {
        let address = try RedirectAddress("http://127.0.0.1:*/a")

        #expect(address.concrete(port: 8080) == "http://127.0.0.1:8080/a")
        #expect(address.path == "/a")
        let fixed = try RedirectAddress("http://127.0.0.1:99/a")
        #expect(fixed.concrete(port: 99) == "http://127.0.0.1:99/a")
    }

    static let redirect = "https://example.org/answer"

    @Test func `a code, its scopes and escapes are read`() throws {
        let answer = try ConsentAnswer(
            address: Self.redirect + "?code=a%2Ab&scopes=video.publish%2Cvideo.upload&state=s#_",
            redirect: Self.redirect,
            state: "s"
        )

        #expect(answer.code.reveal() == "a*b")
        #expect(answer.scopes == ["video.publish", "video.upload"])
    }

    @Test(arguments: [
        ("https://example.org/answer?code=c&state=t", ConsentError.wrongState),
        ("https://example.org/answer?code=c&state=", .wrongState),
        ("https://example.org/answer?code=c&state=ss", .wrongState),
        ("https://example.org/answer?code=c", .wrongState),
        ("https://example.org/answer?error=access_denied", .wrongState),
        (
            "https://example.org/answer?error=access_denied&state=s",
            .declined(
                code: "access_denied",
                words: ""
            )
        ),
        ("https://example.org/answer?state=s", .noCode),
        ("https://example.org/answer?code=&state=s", .noCode),
        ("https://example.org/answer?code=a%20b&state=s", .noCode),
        ("https://example.org/answer?code=%4&state=s", .malformed),
        ("https://example.org/answer?code=%+4&state=s", .malformed),
        ("https://example.org/answer?code=%ff&state=s", .malformed),
        ("https://example.org/answer?code=c&state=s&state=s", .malformed),
        ("https://example.org/answers?code=c&state=s", .otherAddress),
        ("https://example.org/answer", .otherAddress),
        ("http://example.org/answer?code=c&state=s", .otherAddress),
        ("code=c&state=s", .otherAddress),
        ("", .otherAddress),
    ])
    func `any other answer is refused`(address: String, error: ConsentError) {
        #expect(throws: error) {
            try ConsentAnswer(address: address, redirect: Self.redirect, state: "s")
        }
    }

    @Test func `an answer without an end is refused`() {
        let address = Self.redirect + "?code=" + String(repeating: "a", count: 8192) + "&state=s"

        #expect(throws: ConsentError.malformed) {
            try ConsentAnswer(address: address, redirect: Self.redirect, state: "s")
        }
    }
}
