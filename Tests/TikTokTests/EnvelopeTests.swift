import HTTP
import Testing
import TikTok

struct EnvelopeTests {
    let token = AccessToken("act.canary12345")

    private func failure(_ canned: CannedTikTok) async throws -> TikTokError {
        let token = try #require(token)
        return try #require(
            await error { () async throws(TikTokError) in
                try await canned.api.postStatus(of: "v_pub_file~v2-1.1", token: token)
            }
        )
    }

    struct Answer: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        let code: String
        var testDescription: String { "\(status) \(body.prefix(60))" }

        init(_ status: Int, _ body: String, _ code: String) {
            self.status = status
            self.body = body
            self.code = code
        }
    }

    static let answers: [Answer] = [
        Answer(200, refusal("spam_risk_too_many_posts"), "spam_risk_too_many_posts"),
        Answer(500, refusal("invalid_params"), "invalid_param"),
        Answer(401, refusal("access_token_invalid"), "access_token_invalid"),
        Answer(400, #"{"error":"invalid_request"}"#, "invalid_request"),
        Answer(418, refusal("new_one"), "new_one"),
        Answer(503, "<html>oops</html>", "internal_error"),
        Answer(503, envelope("{}"), "internal_error"),
        Answer(500, refusal(""), "internal_error"),
        Answer(429, "", "rate_limit_exceeded"),
        Answer(401, "[]", "access_token_invalid"),
        Answer(403, "denied", "http_403"),
        Answer(302, "", "http_302"),
        Answer(200, "", "unreadable_reply"),
        Answer(200, "[1]", "unreadable_reply"),
        Answer(200, #"{"data":{}}"#, "unreadable_reply"),
        Answer(200, #"{"data":{},"error":{"code":""}}"#, "unreadable_reply"),
        Answer(200, #"{"data":{},"error":{"code":0}}"#, "unreadable_reply"),
        Answer(200, envelope(#"{"status":7}"#), "unreadable_reply"),
    ]

    @Test(arguments: answers)
    func `the body decides before the status does`(answer: Answer) async throws {
        let error = try await failure(CannedTikTok(status: answer.status, answer.body))

        #expect(error.code.text == answer.code)
        #expect(error.httpStatus == answer.status)
        #expect(error.endpoint == .postStatus)
    }

    @Test(arguments: [
        (400, refusal("invalid_param"), false), (200, refusal("spam_risk"), false),
        (500, refusal("internal_error"), true), (502, "bad gateway", true), (200, "cut of", true),
        (429, "", false),
    ])
    func `only a refusal proves that nothing happened`(
        status: Int,
        body: String,
        mayHaveTakenEffect: Bool
    ) async throws {
        let error = try await failure(CannedTikTok(status: status, body))

        #expect(error.mayHaveTakenEffect == mayHaveTakenEffect)
    }

    @Test func `a transport error tells whether the request may have arrived`() async throws {
        let before = try await failure(CannedTikTok(.failure(.connectTimedOut)))
        let after = try await failure(CannedTikTok(.failure(.stalled(.waitingForResponse))))

        #expect(!before.mayHaveTakenEffect)
        #expect(after.mayHaveTakenEffect)
        #expect(before.entry.treatment == .retry)
        #expect(before.code == .known(.unreachable))
    }

    @Test(arguments: [
        #"{"error":{"code":"x","log_id":"L1"}}"#, #"{"error":{"code":"x","logid":"L1"}}"#,
        #"{"error":{"code":"x"},"log_id":"L1"}"#, #"{"error":"x","logid":"L1"}"#,
    ])
    func `the log id is found wherever it is`(body: String) async throws {
        #expect(try await failure(CannedTikTok(status: 400, body)).logID == "L1")
    }

    @Test func `TikTok's words are bounded, visible and hold no secret of ours`() async throws {
        let words = "bad token act.canary12345\\u0000\\u001b[31m\\u202e\\r\\nnext "
        let body = refusal("invalid_param", words + String(repeating: "x", count: 5000))

        guard case .refused(let refusal) = try await failure(CannedTikTok(status: 400, body)) else {
            Issue.record("not a refusal")
            return
        }
        #expect(!refusal.message.contains("canary"))
        #expect(refusal.message.hasPrefix("bad token [REDACTED]"))
        #expect(refusal.message.unicodeScalars.count == 500)
        #expect(!refusal.message.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
    }

    @Test func `a pause that TikTok asks for is kept`() async throws {
        let canned = CannedTikTok(status: 429, headers: ["Retry-After": "17"], "")

        #expect(try await failure(canned).retryAfter == .seconds(17))
    }
}

struct RetryAfterTests {
    /// 1994-11-06 08:49:37 UTC.
    static let moment: Int64 = 784_111_777

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ])
    func `all three forms of a date are read`(text: String) {
        #expect(HTTPDate.seconds(text) == Self.moment)
    }

    @Test func `leap days and ends of years are counted`() {
        #expect(HTTPDate.seconds("Thu, 29 Feb 2024 00:00:00 GMT") == 1_709_164_800)
        #expect(HTTPDate.seconds("Tue, 31 Dec 2024 23:59:59 GMT") == 1_735_689_599)
        #expect(HTTPDate.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(HTTPDate.seconds("Wed, 29 Feb 2023 00:00:00 GMT") == nil)
        #expect(HTTPDate.seconds("Mon, 29 Feb 2100 00:00:00 GMT") == nil)
    }

    @Test(arguments: [
        ("0", Duration.zero), ("17", .seconds(17)), (" 17 ", .seconds(17)),
        ("86401", .seconds(86400)), ("99999999999999999999", .seconds(86400)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)),
        ("Sun, 06 Nov 1994 08:49:27 GMT", .zero),
        ("Sun, 06 Nov 2094 08:49:27 GMT", .seconds(86400)),
    ])
    func `a pause is bounded and never negative`(text: String, expected: Duration) {
        #expect(RetryAfter.read(text, now: Self.moment) == expected)
    }

    @Test(arguments: [
        "", "-1", "+1", "1.5", "soon", "0x10", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "6 Nov 1994",
        "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "١٧",
    ])
    func `what is no pause is none`(text: String) {
        #expect(RetryAfter.read(text, now: Self.moment) == nil)
    }

    @Test func `a date is compared with the server's own clock`() async throws {
        let headers: HTTPHeaders = [
            "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
            "Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT",
        ]
        let token = try #require(AccessToken("act.x"))
        let canned = CannedTikTok(status: 503, headers: headers, "")

        let found = await error { () async throws(TikTokError) in
            try await canned.api.creatorInfo(token: token)
        }

        #expect(found?.retryAfter == .seconds(30))
    }
}
