import Support
import Testing

@testable import HTTP
@testable import TikTok

/// What TikTok answers, changed at random: a value that keeps its promises, or an error whose words
/// can be shown to people.
@Suite(.timeLimit(.minutes(600)))
struct AnswerFuzzTests {
    @Test func `a wait is never negative and never longer than a day`() async throws {
        let dates = [
            "0", "30", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994", "99999999999999999999", "-1",
            "Fri, 31 Dec 9999 23:59:60 GMT",
        ]
        let words = ["GMT", "-", ",", ":", "Feb", "29", "9999", "1970", "0000", " ", "60", "+"]
        let fuzzer = Fuzzer("waits", corpus: dates.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 10_000) { input in
            let text = String(decoding: input, as: UTF8.self)
            for now in [0, 784_111_777, 253_402_300_799] as [Int64] {
                guard let wait = RetryAfter.read(text, now: now) else { continue }
                try BrokenPromise.unless(
                    (.zero...RetryAfter.longest).contains(wait),
                    "it waits for \(wait)"
                )
            }
            let moment = HTTPDate.seconds(text) ?? 0
            try BrokenPromise.unless((0...253_402_300_800).contains(moment), "it is at \(moment)")
        }
    }

    private static let answers = [
        envelope(
            #"{"publish_id":"v_pub_file~v2-1.77","upload_url":"https://u.tiktokapis.com/?a=1"}"#
        ),
        envelope(#"{"status":"FAILED","fail_reason":"internal","uploaded_bytes":5}"#),
        envelope(
            #"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[7700000000000000123]}"#
        ),
        envelope(
            #"{"privacy_level_options":["SELF_ONLY"],"max_video_post_duration_sec":600,"#
                + #""creator_username":"mira","comment_disabled":false}"#
        ),
        refusal("invalid_params", "act.canary12345 is bad"),
        #"{"error":"invalid_grant","error_description":"no","log_id":"L"}"#,
        #"{"access_token":"act.1","refresh_token":"rft.1","open_id":"o","expires_in":7200,"#
            + #""refresh_expires_in":15552000,"scope":"video.publish","token_type":"Bearer"}"#,
    ]

    @Test func `an answer at random gives a value or an error that can be shown`() async throws {
        let words = [
            "null", "[]", "{}", "-1", "1e30", "9223372036854775808", "\"ok\"", "\"\"", "\\u0000",
            "\\u202e", "FAILED", "SEND_TO_USER_INBOX", "\"log_id\":", "\"code\":", "\"7\"",
        ]
        let fuzzer = Fuzzer("replies", corpus: Self.answers.map { Array($0.utf8) }, words: words)

        try await fuzzer.run(rounds: 2000) { input in
            for status in [200, 403, 500] {
                let canned = CannedTikTok(
                    .success(
                        HTTPResponse(
                            status: status,
                            headers: ["Retry-After": "30"],
                            body: input,
                            bytesSent: 0,
                            httpVersion: "1.1"
                        )
                    )
                )
                for failure in try await Self.failures(of: canned.api) { try Self.check(failure) }
            }
        }
    }

    /// Every call that reads an answer of its own form.
    private static func failures(of api: TikTokAPI) async throws -> [TikTokError] {
        let token = try #require(AccessToken("act.canary12345"))
        let refresh = try #require(RefreshToken("act.canary12345"))
        let client = ClientCredentials(
            key: "k",
            secret: try #require(ClientSecret("s3cret-canary"))
        )
        let failures = [
            await error { () throws(TikTokError) in try await api.creatorInfo(token: token) },
            await error { () throws(TikTokError) in try await api.cancelPost("p", token: token) },
            await error { () throws(TikTokError) in try await api.userInfo(token: token) },
            await error { () throws(TikTokError) in
                try await api.postStatus(of: "p", token: token)
            },
            await error { () throws(TikTokError) in
                try await api.refreshTokens(refresh, as: client)
            },
        ]
        return failures.compactMap(\.self)
    }

    private static func check(_ failure: TikTokError) throws {
        let text = "\(failure)"
        let isPlain = text.unicodeScalars.allSatisfy {
            ![.control, .format, .lineSeparator].contains($0.properties.generalCategory)
        }
        try BrokenPromise.unless(isPlain && text.utf8.count < 3000, "words that act: \(text)")
        try BrokenPromise.unless(!text.contains("act.canary12345"), "a secret: \(text)")
        let code = failure.code.text
        try BrokenPromise.unless(
            (1...64).contains(code.utf8.count)
                && code.utf8.allSatisfy {
                    "abcdefghijklmnopqrstuvwxyz0123456789_.-".utf8.contains($0)
                },
            "a code that is none: \(code)"
        )
        try BrokenPromise.unless(!failure.entry.action.isEmpty, "no action")
        let wait = failure.retryAfter ?? .zero
        try BrokenPromise.unless((.zero...RetryAfter.longest).contains(wait), "a wait of \(wait)")
    }
}
