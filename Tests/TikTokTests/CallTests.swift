import HTTP
import JSON
import Testing
import TikTok

/// What goes out and what is made of the answer, call by call.
struct CallTests {
    let token: AccessToken

    init() throws {
        token = try #require(AccessToken("act.demo"))
    }

    @Test func `creator info asks with the bearer token and reads every field`() async throws {
        let canned = CannedTikTok(
            envelope(
                """
                {"creator_username":"mira.bakes","creator_nickname":"Mira","creator_avatar_url":"u",
                "privacy_level_options":["FOLLOWER_OF_CREATOR","SELF_ONLY","NEW_ONE"],
                "comment_disabled":true,"duet_disabled":false,"stitch_disabled":true,
                "max_video_post_duration_sec":3600}
                """
            )
        )

        let info = try await canned.api.creatorInfo(token: token)

        let sent = try #require(canned.requests.last)
        #expect(sent.method == "POST")
        #expect(
            sent.url == "https://open.tiktokapis.com/v2/post/publish/creator_info/query/"
        )
        #expect(canned.header("Authorization") == "Bearer act.demo")
        #expect(canned.header("Content-Type") == "application/json; charset=UTF-8")
        #expect(sent.limits.total == .seconds(30))
        #expect(!sent.allowsPlainHTTP)
        #expect(info.username == "mira.bakes")
        #expect(info.privacyLevels == [.followerOfCreator, .selfOnly, .unknown("NEW_ONE")])
        #expect(info.isCommentDisabled && info.isStitchDisabled && !info.isDuetDisabled)
        #expect(info.longestVideoSeconds == 3600)
        #expect(info.logID == "2026LOG")
    }

    @Test func `a video is opened with its plan and every switch`() async throws {
        let canned = CannedTikTok(
            envelope(
                """
                {"publish_id":"v_pub_file~v2-1.77","upload_url":\
                "https://open-upload.tiktokapis.com/video/?upload_id=42&upload_token=demo"}
                """
            )
        )
        var post = VideoPost(privacy: .selfOnly)
        post.title = "New loaf #sourdough"
        post.disableDuet = true
        post.coverMilliseconds = 1500
        let plan = try ChunkPlan(size: 52_428_800, preferred: 5_242_880)

        let opened = try await canned.api.open(.video(post, from: .upload(plan)), token: token)

        #expect(canned.requests.last?.url.hasSuffix("/v2/post/publish/video/init/") == true)
        #expect(
            canned.lastBody == [
                "post_info": [
                    "title": "New loaf #sourdough", "privacy_level": "SELF_ONLY",
                    "disable_duet": true, "disable_stitch": false, "disable_comment": false,
                    "video_cover_timestamp_ms": 1500, "brand_content_toggle": false,
                    "brand_organic_toggle": false, "is_aigc": false,
                ],
                "source_info": [
                    "source": "FILE_UPLOAD", "video_size": 52_428_800, "chunk_size": 5_242_880,
                    "total_chunk_count": 10,
                ],
            ]
        )
        #expect(opened.publishID == "v_pub_file~v2-1.77")
        #expect(opened.uploadAddress?.reveal().hasSuffix("upload_token=demo") == true)
        #expect(opened.logID == "2026LOG")
    }

    @Test func `a draft carries nothing but its source`() async throws {
        let canned = CannedTikTok(envelope(#"{"publish_id":"v_inbox_url~v2.1"}"#))

        let opened = try await canned.api.open(
            .videoDraft(from: .pull(url: "https://media.example.org/v.mp4")),
            token: token
        )

        #expect(canned.requests.last?.url.hasSuffix("/v2/post/publish/inbox/video/init/") == true)
        #expect(
            canned.lastBody == [
                "source_info": [
                    "source": "PULL_FROM_URL", "video_url": "https://media.example.org/v.mp4",
                ]
            ]
        )
        #expect(opened.uploadAddress == nil)
    }

    @Test func `direct photos carry settings, drafts only texts`() async throws {
        let canned = CannedTikTok(envelope(#"{"publish_id":"p_pub_url~v2.1"}"#))
        var settings = PhotoPost.DirectSettings(privacy: .publicToEveryone)
        settings.addMusic = true
        var post = PhotoPost(
            images: ["https://m.example.org/1.jpg"],
            destination: .direct(settings)
        )
        post.description = "Crust"
        post.isAIGenerated = true

        _ = try await canned.api.open(.photos(post), token: token)

        let source: JSONValue = [
            "source": "PULL_FROM_URL", "photo_cover_index": 0,
            "photo_images": ["https://m.example.org/1.jpg"],
        ]
        #expect(
            canned.lastBody == [
                "media_type": "PHOTO", "post_mode": "DIRECT_POST", "is_aigc": true,
                "source_info": source,
                "post_info": [
                    "description": "Crust", "privacy_level": "PUBLIC_TO_EVERYONE",
                    "disable_comment": false, "auto_add_music": true,
                    "brand_content_toggle": false, "brand_organic_toggle": false,
                ],
            ]
        )

        post.destination = .draft
        post.isAIGenerated = false
        _ = try await canned.api.open(.photos(post), token: token)

        #expect(
            canned.lastBody == [
                "media_type": "PHOTO", "post_mode": "MEDIA_UPLOAD", "source_info": source,
                "post_info": ["description": "Crust"],
            ]
        )
    }

    @Test(arguments: [
        #"{}"#, #"{"publish_id":""}"#, #"{"publish_id":7}"#, #"{"publish_id":"a b"}"#,
        #"{"publish_id":"v_pub_file~1"}"#, #"{"publish_id":"v_pub_file~1","upload_url":""}"#,
    ])
    func `an opened post without what it needs is unreadable`(data: String) async throws {
        let canned = CannedTikTok(envelope(data))
        let plan = try ChunkPlan(size: 1)

        let found = await error { () async throws(TikTokError) in
            try await canned.api.open(.videoDraft(from: .upload(plan)), token: token)
        }

        #expect(found?.code == .known(.unreadableReply))
        #expect(found?.mayHaveTakenEffect == true)
        #expect(found?.logID == "2026LOG")
    }

    @Test func `an upload address elsewhere is refused before a byte is sent`() async throws {
        let canned = CannedTikTok(
            envelope(#"{"publish_id":"v~1","upload_url":"https://tiktokapis.com.evil.example/u"}"#)
        )
        let plan = try ChunkPlan(size: 1)

        let found = await error { () async throws(TikTokError) in
            try await canned.api.open(.videoDraft(from: .upload(plan)), token: token)
        }

        #expect(found?.code == .known(.unsafeUploadAddress))
        #expect(found?.mayHaveTakenEffect == false)
        #expect(found?.endpoint == .inboxVideoInit)
        #expect(found.map { "\($0)" }?.contains("evil") == false)
    }

    @Test func `a chunk goes out without a token and its reply is not parsed`() async throws {
        let canned = CannedTikTok(
            status: 206,
            headers: ["Content-Range": "bytes 0-9999999/50000123", "Retry-After": "3"],
            #"{"error":{"code":"access_token_invalid"}}"#
        )
        let plan = try ChunkPlan(size: 50_000_123)
        let address = try UploadAddress(
            "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=t",
            hosts: .tiktok
        )

        let receipt = try await canned.api.sendChunk(
            plan.chunk(4),
            .quickTime,
            body: .bytes([1]),
            to: address,
            deadline: .seconds(90)
        )

        let sent = try #require(canned.requests.last)
        #expect(sent.method == "PUT")
        #expect(sent.url == address.reveal())
        #expect(canned.header("Authorization") == nil)
        #expect(canned.header("Content-Type") == "video/quicktime")
        #expect(canned.header("Content-Range") == "bytes 40000000-50000122/50000123")
        #expect(sent.mayRepeat == false)
        #expect(sent.limits.total == .seconds(90))
        #expect(receipt.httpStatus == 206)
        #expect(receipt.progress == ChunkProgress(reported: 9_999_999, total: 50_000_123))
        #expect(receipt.retryAfter == .seconds(3))
    }

    @Test func `a call that TikTok counts is never repeated behind our back`() async throws {
        let canned = CannedTikTok(.failure(.closed))
        let token = try #require(AccessToken("act.1"))
        let plan = VideoSource.upload(try ChunkPlan(size: 1000))

        _ = await error { () async throws(TikTokError) in
            try await canned.api.creatorInfo(token: token)
        }
        _ = await error { () async throws(TikTokError) in
            try await canned.api.postStatus(of: "v1", token: token)
        }
        _ = await error { () async throws(TikTokError) in
            try await canned.api.open(.videoDraft(from: plan), token: token)
        }
        _ = await error { () async throws(TikTokError) in
            try await canned.api.open(
                .video(VideoPost(privacy: .selfOnly), from: plan),
                token: token
            )
        }

        #expect(canned.requests.map(\.mayRepeat) == [false, false, false, false])
    }

    @Test func `two progress headers are believed neither`() async throws {
        var headers: HTTPHeaders = ["Content-Range": "bytes 0-9999999/50000123"]
        headers.add("content-range", "bytes 0-19999999/50000123")
        let canned = CannedTikTok(status: 206, headers: headers, "")
        let address = try UploadAddress("https://u.tiktokapis.com/x", hosts: .tiktok)

        let receipt = try await canned.api.sendChunk(
            ChunkPlan(size: 50_000_123).chunk(0),
            .mp4,
            body: .none,
            to: address,
            deadline: .seconds(1)
        )

        #expect(receipt.progress == nil)
    }
}
