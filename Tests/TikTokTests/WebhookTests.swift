import JSON
import Testing

@testable import TikTok

/// What TikTok's messages say, whatever way they spell it.
struct WebhookTests {
    private static let publishID = "v_pub_file~v2-1.7700000000000000001"

    private static func body(
        _ event: String,
        _ content: String = #"{\"publish_id\":\"\#(publishID)\"}"#,
        _ change: (String) -> String = { $0 }
    ) -> [UInt8] {
        let text = """
            {"client_key":"ck_demo","event":"\(event)","create_time":1790000000,\
            "user_openid":"oid-demo","content":"\(content)"}
            """
        return Array(change(text).utf8)
    }

    private func news(_ body: [UInt8]) throws -> Webhook.PostNews? {
        guard case .post(let news) = try Webhook(parsing: body).event else { return nil }
        return news
    }

    @Test(arguments: [
        ("post.publish.failed", PostNewsKind.failed), ("post.publish.complete", .complete),
        ("post.publish.completed", .complete), ("post.publish.inbox_delivered", .delivered),
        ("post.publish.publicly_available", .publiclyAvailable),
        ("post.publish.publicaly_available", .publiclyAvailable),
        ("post.publish.no_longer_publicaly_available", .noLongerAvailable),
        ("post.publish.no_longer_publicly_available", .noLongerAvailable),
    ])
    func `every spelling of an event is read`(_ name: String, _ kind: PostNewsKind) throws {
        let webhook = try Webhook(parsing: Self.body(name))

        #expect(webhook.clientKey == "ck_demo" && webhook.openID == "oid-demo")
        #expect(webhook.createdAt == 1_790_000_000)
        #expect(try news(Self.body(name))?.kind == kind)
        #expect(try news(Self.body(name))?.publishID == Self.publishID)
    }

    @Test(arguments: [
        (#"\"7700000000000000123\""#, "7700000000000000123"),
        ("7700000000000000123", "7700000000000000123"),
        (
            "[7700000000000000123]",
            "7700000000000000123"
        ), ("null", nil), (#"\"x\""#, nil), ("0", nil),
    ])
    func `a post's number keeps every digit`(_ number: String, _ read: String?) throws {
        let content = #"{\"publish_id\":\"p\",\"post_id\":\#(number)}"#

        let post = try news(Self.body("post.publish.publicly_available", content))?.postID

        #expect(post?.text == read)
    }

    @Test func `reason and type are read where they are known`() throws {
        func read(_ more: String) throws -> Webhook.PostNews? {
            try news(Self.body("post.publish.failed", #"{\"publish_id\":\"p\"\#(more)}"#))
        }

        let draft = try read(#",\"reason\":\"spam_risk\",\"publish_type\":\"INBOX_SHARE\""#)
        #expect(draft?.reason == .known(.spamRisk) && draft?.isDraft == true)
        #expect(try read(#",\"publish_type\":\"DIRECT_PUBLISH\""#)?.isDraft == false)
        #expect(try read(#",\"publish_type\":\"DIRECT_POST\""#)?.isDraft == nil)
        #expect(try read(#",\"reason\":7"#)?.reason == nil)
    }

    @Test func `content may also be an object`() throws {
        let body = Self.body("post.publish.complete") {
            $0.replacing(
                #""{\"publish_id\":\"\#(Self.publishID)\"}""#,
                with: #"{"publish_id":"p"}"#
            )
        }

        #expect(try news(body)?.publishID == "p")
    }

    @Test(arguments: Array(RemovalReason.allCases.enumerated()).map { ($0.offset, $0.element) })
    func `the end of a consent has a reason`(_ number: Int, _ reason: RemovalReason) throws {
        let body = Self.body("authorization.removed", #"{\"reason\":\#(number)}"#)

        #expect(try Webhook(parsing: body).event == .authorizationRemoved(reason))
    }

    @Test(arguments: [#"{\"reason\":6}"#, "{}", #"{\"reason\":\"x\"}"#])
    func `a reason that nobody knows is told as unknown`(_ content: String) throws {
        let body = Self.body("authorization.removed", content)

        #expect(try Webhook(parsing: body).event == .authorizationRemoved(.unknown))
    }

    @Test func `an event that nobody knows is no error, whatever else it says`() throws {
        let body = Self.body("video.upload.failed") {
            $0.replacing(#""user_openid":"oid-demo","#, with: "")
        }

        #expect(try Webhook(parsing: body).event == .unknown("video.upload.failed"))
        let long = Self.body(String(repeating: "x", count: 200))
        #expect(
            try Webhook(parsing: long).event == .unknown(String(repeating: "x", count: 64))
        )
    }

    @Test(arguments: [
        ("", ""), ("{", ""), ("[]", ""), ("\"x\"", ""), ("{}", ""),
        (#""client_key":"ck_demo""#, #""client_key":7"#),
        (#""client_key":"ck_demo""#, #""client_key":"""#),
        ("1790000000", "0"), ("1790000000", "-1"), ("1790000000", "1e99"),
        ("1790000000", #""soon""#), ("1790000000", "1790000000000"),
        (#""user_openid":"oid-demo""#, #""user_openid":"a b""#),
        (#""user_openid":"oid-demo""#, #""user_openid":"ü""#),
        (#"\"publish_id\":\"v_pub_file~v2-1.7700000000000000001\""#, ""),
        ("v_pub_file~v2-1.7700000000000000001", ""),
        ("v_pub_file~v2-1.7700000000000000001", #"\\u0000"#),
        ("v_pub_file~v2-1.7700000000000000001", String(repeating: "x", count: 257)),
        (#"{\"publish_id\""#, #"\"publish_id\""#), (#""content":"#, #""contents":"#),
    ])
    func `what has not the shape of a message is refused without its words`(
        _ old: String,
        _ new: String
    ) throws {
        let body =
            new.isEmpty && old.utf8.count < 4
            ? Array(old.utf8)
            : Self.body("post.publish.complete") { $0.replacing(old, with: new) }

        let error = #expect(throws: WebhookError.self) { try Webhook(parsing: body) }
        #expect(error?.description.contains("demo") == false)
    }
}
