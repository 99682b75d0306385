import HTTP
import JSON
import Testing
import TikTok

/// Calls about a post that is under way, and about the account.
struct StatusCallTests {
    let token: AccessToken

    init() throws {
        token = try #require(AccessToken("act.demo"))
    }

    @Test(arguments: [
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[7700000000000000123]}"#, 1),
        (
            #"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":["7700000000000000123"]}"#,
            1
        ),
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":7700000000000000123}"#, 1),
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":"7700000000000000123"}"#, 1),
        (#"{"status":"PUBLISH_COMPLETE","publicly_available_post_id":[7700000000000000123]}"#, 1),
        (
            """
            {"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[],
            "publicly_available_post_id":[7700000000000000123,"7"]}
            """, 2
        ),
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":[]}"#, 0),
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":null}"#, 0),
        (#"{"status":"PUBLISH_COMPLETE","publicaly_available_post_id":["",0,-1,1.5,"x"]}"#, 0),
        (#"{"status":"PUBLISH_COMPLETE"}"#, 0),
    ])
    func `post ids keep every digit in every shape`(data: String, count: Int) async throws {
        let canned = CannedTikTok(envelope(data))

        let status = try await canned.api.postStatus(of: "v~1", token: token)

        #expect(canned.lastBody == ["publish_id": "v~1"])
        #expect(status.stage == .publishComplete && status.stage.isFinal)
        #expect(status.postIDs.count == count)
        #expect(count == 0 || status.postIDs.first?.text == "7700000000000000123")
    }

    @Test func `a failed post tells why and how far it was`() async throws {
        let canned = CannedTikTok(
            envelope(
                #"{"status":"FAILED","fail_reason":"spam_risk_text","uploaded_bytes":52428800}"#
            )
        )

        let status = try await canned.api.postStatus(of: "v~1", token: token)

        #expect(status.stage == .failed)
        #expect(status.failReason == .known(.spamRiskText))
        #expect(status.uploadedBytes == 52_428_800)
    }

    @Test func `a state that nobody knows is not final`() async throws {
        let canned = CannedTikTok(envelope(#"{"status":"PONDERING","fail_reason":""}"#))

        let status = try await canned.api.postStatus(of: "v~1", token: token)

        #expect(status.stage == .unknown("PONDERING") && !status.stage.isFinal)
        #expect(status.failReason == nil)
    }

    @Test func `a cancellation needs no data`() async throws {
        let canned = CannedTikTok(#"{"error":{"code":"ok","message":"","log_id":"L"}}"#)

        #expect(try await canned.api.cancelPost("v~1", token: token) == "L")
        #expect(canned.requests.last?.url.hasSuffix("/v2/post/publish/cancel/") == true)
    }

    @Test func `videos are listed a page at a time`() async throws {
        let canned = CannedTikTok(
            envelope(
                """
                {"videos":[{"id":"7700000000000000123","create_time":1790000000,"duration":12,
                "video_description":"New loaf","share_url":"https://t/1"},{"title":"no id"}],
                "cursor":1790000000123,"has_more":true}
                """
            )
        )

        let page = try await canned.api.videoList(after: 5, token: token)

        let url = try #require(canned.requests.last?.url)
        #expect(url.contains("/v2/video/list/?fields=id,create_time,"))
        #expect(canned.lastBody == ["max_count": 20, "cursor": 5])
        #expect(page.videos.count == 1)
        #expect(page.videos.first?.caption == "New loaf")
        #expect(page.nextCursor == 1_790_000_000_123)
    }

    @Test func `user info is a GET without a body`() async throws {
        let canned = CannedTikTok(envelope(#"{"user":{"open_id":"o1","username":"mira"}}"#))

        let user = try await canned.api.userInfo(token: token, withUsername: true)

        let sent = try #require(canned.requests.last)
        #expect(sent.method == "GET")
        #expect(sent.url.hasSuffix("/v2/user/info/?fields=open_id,display_name,username"))
        #expect(canned.header("Content-Type") == nil)
        #expect(user.openID == "o1" && user.username == "mira")
    }
}
