import Foundation
import HTTP
import Testing
import TikTok

@testable import Publishing

/// Who sent a webhook and when: vectors made with `openssl dgst -sha256 -hmac` and Python's `hmac`.
struct WebhookSignatureTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let secret: String
        let time: String
        let body: String
        let digest: String

        var testDescription: String { "\(time) \(body.prefix(20))" }
        var header: String { "t=\(time),s=\(digest)" }
    }

    static let vectors = [
        Vector(
            secret: "demo_client_secret",
            time: "1790000001",
            body: #"{"client_key":"ck_demo","event":"post.publish.complete","#
                + #""create_time":1790000000,"user_openid":"oid-demo","content":"{"#
                + #"\"publish_id\":\"v_pub_file~v2-1.111\",\"publish_type\":\"DIRECT_PUBLISH\"}"}"#,
            digest: "7b5bcd8b31dc22e74f097e4c31469aa35bc8c388296aeacdba72ed0a326297cf"
        ),
        Vector(
            secret: "k",
            time: "1633174587",
            body: "",
            digest: "9dc3520160e0ab3d4f6b398093ac1dd0465d037ccbac3f20a87cf15f8afef9e3"
        ),
        // A key longer than a block, and a time whose text counts, not its value.
        Vector(
            secret: String(repeating: "a", count: 100),
            time: "0001700000000",
            body: "{\"x\":\"é\"}\n",
            digest: "f897a0f77c5e0c4c9187064dbd4829fccf455c8eff922e3ad5111aa7ecf3eae5"
        ),
    ]

    private func signature(_ header: String) -> WebhookSignature? {
        WebhookSignature(["tiktok-signature": header])
    }

    @Test(arguments: vectors)
    func `a right signature is taken and nothing near it`(_ vector: Vector) throws {
        let secret = try #require(ClientSecret(vector.secret))
        let body = Array(vector.body.utf8)
        let right = try #require(signature(vector.header))

        #expect(right.isValid(for: body, secret: secret))
        #expect(right.time == Int64(vector.time))
        #expect(
            try #require(signature("s=\(vector.digest), t=\(vector.time)")).isValid(
                for: body,
                secret: secret
            )
        )
        #expect(
            try #require(signature("t=\(vector.time),s=\(vector.digest.uppercased())"))
                .isValid(for: body, secret: secret)
        )
        #expect(!right.isValid(for: body + [0x20], secret: secret))
        #expect(!right.isValid(for: body, secret: try #require(ClientSecret(vector.secret + "x"))))
        let later = try #require(signature("t=1\(vector.time),s=\(vector.digest)"))
        #expect(!later.isValid(for: body, secret: secret))
        for index in [0, 31, 63] {
            var digits = Array(vector.digest)
            digits[index] = digits[index] == "0" ? "1" : "0"
            let wrong = try #require(signature("t=\(vector.time),s=\(String(digits))"))
            #expect(!wrong.isValid(for: body, secret: secret))
        }
    }

    private static let digest = String(repeating: "a", count: 64)

    @Test(arguments: [
        "", "t=1", "s=\(digest)", "t=,s=\(digest)", "t=1,s=", "t=1,s=\(digest)a",
        "t=1,s=\(digest.dropLast())", "t=1,s=\(digest.dropLast())g", "t=-1,s=\(digest)",
        "t=1.5,s=\(digest)", "t=x,s=\(digest)", "t=1,t=2,s=\(digest)",
        "t=1,s=\(digest),s=\(digest)", "t=1;s=\(digest)", "t=1 s=\(digest)", "t=1,s=\(digest),",
        "t=9999999999999999,s=\(digest)", "t=١,s=\(digest)",
        "t=1,s=\(digest),x=\(String(repeating: "x", count: 256))",
    ])
    func `a header of another shape is no signature`(_ header: String) {
        #expect(signature(header) == nil)
    }

    @Test func `two headers are none`() {
        var headers: HTTPHeaders = ["TikTok-Signature": Self.vectors[0].header]
        #expect(WebhookSignature(headers) != nil)
        headers.add("tiktok-signature", Self.vectors[0].header)
        #expect(WebhookSignature(headers) == nil)
        #expect(WebhookSignature([:]) == nil)
    }

    /// Seconds; TikTok repeats for 259,200 of them.
    static let ages: [(Int64, WebhookSignature.Age)] = [
        (0, .current), (-300, .current), (-301, .fromTheFuture(.seconds(301))),
        (259_200, .current), (262_800, .current), (262_801, .stale(.seconds(262_801))),
        (1_790_000_000, .stale(.seconds(1_790_000_000))),
    ]

    @Test(arguments: ages)
    func `what TikTok may repeat is current, and nothing older or from the future`(
        _ age: Int64,
        _ expected: WebhookSignature.Age
    ) throws {
        let now = Date(timeIntervalSince1970: 1_790_000_000)
        let header = "t=\(1_790_000_000 - age),s=\(Self.digest)"

        #expect(try #require(signature(header)).age(at: now) == expected)
    }

    // MARK: Crowds

    @Test func `a burst passes and then so many a second`() {
        let rate = RequestRate(perSecond: 10, burst: 20)
        let start = ContinuousClock.now + .seconds(1)

        #expect((0..<50).count { _ in rate.takesOne(at: start) } == 20)
        #expect((0..<50).count { _ in rate.takesOne(at: start + .seconds(1)) } == 10)
        #expect((0..<50).count { _ in rate.takesOne(at: start + .seconds(60)) } == 20)
    }

    @Test func `the same trouble is told once a minute, with how often it came`() {
        let told = RareNotices()
        let start = ContinuousClock.now

        #expect(told.count("a", at: start) == 1)
        #expect(told.count("b", at: start) == 1)
        for _ in 0..<5 { #expect(told.count("a", at: start + .seconds(59)) == nil) }
        #expect(told.count("a", at: start + .seconds(60)) == 6)
        #expect(told.isNew("x") && !told.isNew("x"))
        let names = (0..<500).count { told.isNew("name \($0)") }
        #expect(names < 200)
    }
}
