import JSON
import Testing

@testable import Sandbox

/// A request that breaks one rule, and its answer.
struct BrokenRule: Sendable, CustomTestStringConvertible {
    let path: String
    let value: JSONValue?
    let status: Int
    let code: String
    let message: String

    init(
        _ path: String,
        _ value: JSONValue?,
        _ message: String,
        status: Int = 400,
        code: String = "invalid_params"
    ) {
        self.path = path
        self.value = value
        self.status = status
        self.code = code
        self.message = message
    }

    var testDescription: String {
        "\(path) \(value?.encodedText.prefix(60) ?? "absent") \(message)"
    }

    static func privacy(_ value: JSONValue?) -> BrokenRule {
        BrokenRule(
            "post_info.privacy_level",
            value,
            Refusal.forbidden("").message,
            status: 403,
            code: "privacy_level_option_mismatch"
        )
    }

    static func ownership(_ path: String, _ value: JSONValue) -> BrokenRule {
        BrokenRule(
            path,
            value,
            Refusal.forbidden("").message,
            status: 403,
            code: "url_ownership_unverified"
        )
    }

    func expect(_ reply: Reply) {
        #expect(reply.status == status)
        #expect(reply.code == code)
        #expect(reply.message == message)
        #expect(reply.body["error"]?["log_id"]?.string?.isEmpty == false)
    }
}

struct InitRuleTests {
    static let video: [BrokenRule] = [
        BrokenRule("post_info", nil, "post_info is required"),
        BrokenRule("post_info", "x", "post_info must be an object"),
        BrokenRule("post_info.title", 5, "post_info.title must be a string"),
        BrokenRule(
            "post_info.title",
            .string(String(repeating: "a", count: 2201)),
            "post_info.title is longer than 2200 UTF-16 units"
        ),
        BrokenRule(
            "post_info.title",
            // 1101 characters, two units each.
            .string(String(repeating: "🍞", count: 1101)),
            "post_info.title is longer than 2200 UTF-16 units"
        ),
        .privacy(nil), .privacy(""), .privacy("FOLLOWER_OF_CREATOR"), .privacy("public"),
        BrokenRule("post_info.privacy_level", 1, "post_info.privacy_level must be a string"),
        BrokenRule("post_info.disable_duet", "no", "post_info.disable_duet must be a boolean"),
        BrokenRule("post_info.disable_stitch", 0, "post_info.disable_stitch must be a boolean"),
        BrokenRule("post_info.disable_comment", 1, "post_info.disable_comment must be a boolean"),
        BrokenRule("post_info.is_aigc", "true", "post_info.is_aigc must be a boolean"),
        BrokenRule(
            "post_info.brand_content_toggle",
            "x",
            "post_info.brand_content_toggle must be a boolean"
        ),
        BrokenRule(
            "post_info.brand_organic_toggle",
            1,
            "post_info.brand_organic_toggle must be a boolean"
        ),
        BrokenRule(
            "post_info.video_cover_timestamp_ms",
            .double(1.5),
            "post_info.video_cover_timestamp_ms must be an integer"
        ),
        BrokenRule(
            "post_info.video_cover_timestamp_ms",
            2_147_483_648,
            "post_info.video_cover_timestamp_ms must be an int32"
        ),
        BrokenRule(
            "post_info",
            ["privacy_level": "SELF_ONLY", "brand_content_toggle": true],
            "Branded content cannot be posted with privacy_level SELF_ONLY"
        ),
    ]

    static let source: [BrokenRule] = [
        BrokenRule("source_info", nil, "source_info is required"),
        BrokenRule("source_info", [], "source_info must be an object"),
        BrokenRule("source_info.source", nil, "source_info.source is required"),
        BrokenRule(
            "source_info.source",
            "FILE",
            "source_info.source must be FILE_UPLOAD or PULL_FROM_URL"
        ),
        BrokenRule("source_info.video_size", nil, "source_info.video_size is required"),
        BrokenRule("source_info.video_size", "1000", "source_info.video_size must be an integer"),
        BrokenRule("source_info.chunk_size", nil, "source_info.chunk_size is required"),
        BrokenRule(
            "source_info.chunk_size",
            .double(10.5),
            "source_info.chunk_size must be an integer"
        ),
        BrokenRule(
            "source_info.total_chunk_count",
            nil,
            "source_info.total_chunk_count is required"
        ),
        BrokenRule(
            "source_info.total_chunk_count",
            true,
            "source_info.total_chunk_count must be an integer"
        ),
        BrokenRule("source_info.video_size", 0, "The video size is invalid"),
        BrokenRule("source_info.video_size", 4_000_000_001, "The video size is invalid"),
        BrokenRule("source_info", ["source": "PULL_FROM_URL"], "source_info.video_url is required"),
        BrokenRule(
            "source_info",
            ["source": "PULL_FROM_URL", "video_url": "http://media.example.org/p/1.mp4"],
            "http://media.example.org/p/1.mp4 is not an https URL"
        ),
        .ownership(
            "source_info",
            ["source": "PULL_FROM_URL", "video_url": "https://media.example.org/q/1.mp4"]
        ),
        .ownership(
            "source_info",
            ["source": "PULL_FROM_URL", "video_url": "https://media.example.org.evil.org/p/1.mp4"]
        ),
    ]

    @Test(arguments: video + source)
    func `a direct video that breaks one rule is refused for it`(rule: BrokenRule) {
        var world = World()

        rule.expect(world.post(.videoInit, JSONValue.video().setting(rule.path, rule.value)))

        #expect(world.state.report(at: world.now).posts.isEmpty)
        #expect(world.violations.count == (rule.status == 400 ? 1 : 0))
    }

    @Test(arguments: source)
    func `a draft that breaks one rule is refused for it`(rule: BrokenRule) {
        var world = World()

        rule.expect(world.post(.inboxInit, JSONValue.video().setting(rule.path, rule.value)))
    }

    static let photos: [BrokenRule] = [
        BrokenRule("media_type", nil, "media_type is required"),
        BrokenRule("media_type", "VIDEO", "media_type must be PHOTO"),
        BrokenRule("post_mode", nil, "post_mode is required"),
        BrokenRule("post_mode", "DIRECT POST", "post_mode must be DIRECT_POST or MEDIA_UPLOAD"),
        BrokenRule("is_aigc", 1, "is_aigc must be a boolean"),
        BrokenRule(
            "post_info.title",
            .string(String(repeating: "a", count: 91)),
            "post_info.title is longer than 90 UTF-16 units"
        ),
        BrokenRule(
            "post_info.description",
            .string(String(repeating: "a", count: 4001)),
            "post_info.description is longer than 4000 UTF-16 units"
        ),
        BrokenRule("post_info.auto_add_music", "x", "post_info.auto_add_music must be a boolean"),
        BrokenRule("post_info.disable_comment", "x", "post_info.disable_comment must be a boolean"),
        .privacy(nil), .privacy("FOLLOWER_OF_CREATOR"),
        BrokenRule(
            "source_info.source",
            "FILE_UPLOAD",
            "source_info.source must be PULL_FROM_URL"
        ),
        BrokenRule(
            "source_info.photo_images",
            [],
            "source_info.photo_images must hold 1 to 35 URLs"
        ),
        BrokenRule(
            "source_info.photo_images",
            .array(Array(repeating: .string(World.media + "1.jpg"), count: 36)),
            "source_info.photo_images must hold 1 to 35 URLs"
        ),
        BrokenRule(
            "source_info.photo_images",
            [1],
            "source_info.photo_images must be a list of strings"
        ),
        BrokenRule(
            "source_info.photo_cover_index",
            nil,
            "source_info.photo_cover_index is required"
        ),
        BrokenRule(
            "source_info.photo_cover_index",
            2,
            "source_info.photo_cover_index names no image"
        ),
        .ownership("source_info.photo_images", ["https://example.net/1.jpg"]),
    ]

    @Test(arguments: photos)
    func `photos that break one rule are refused for it`(rule: BrokenRule) {
        var world = World()

        rule.expect(world.post(.contentInit, JSONValue.photos().setting(rule.path, rule.value)))

        #expect(world.state.report(at: world.now).posts.isEmpty)
    }

    @Test func `titles are counted in UTF-16 units and may fill their limit`() {
        var world = World()

        let bread = world.post(.videoInit, .video(title: String(repeating: "🍞", count: 1100)))

        #expect(bread.code == "ok")
    }

    @Test func `fields nobody knows are tolerated, and a draft's post_info is not looked at`() {
        var world = World()
        let extra = JSONValue.video().setting("post_info.mood", "warm").setting("extra", 1)

        #expect(world.post(.videoInit, extra).code == "ok")
        #expect(world.post(.inboxInit, JSONValue.video().setting("post_info", 5)).code == "ok")
    }

    @Test func `an unaudited app posts only privately to private accounts`() {
        var open = World { $0.isAudited = false }
        var account = SandboxAccount("mira")
        account.isPrivate = true
        var closed = World(account) { $0.isAudited = false }
        let code = "unaudited_client_can_only_post_to_private_accounts"

        let own = JSONValue.video(privacy: "SELF_ONLY")
        #expect(open.post(.videoInit, own).code == code)
        #expect(open.post(.videoInit, .video()).status == 403)
        #expect(closed.post(.videoInit, .video(privacy: "MUTUAL_FOLLOW_FRIENDS")).code == code)
        #expect(closed.post(.videoInit, own).code == "ok")
    }

    @Test func `a private account offers followers and not the public`() {
        var account = SandboxAccount("mira")
        account.isPrivate = true
        var world = World(account)

        #expect(world.post(.videoInit, .video()).code == "privacy_level_option_mismatch")
        #expect(world.post(.videoInit, .video(privacy: "FOLLOWER_OF_CREATOR")).code == "ok")
    }

    @Test func `photo drafts need a recent app`() {
        var account = SandboxAccount("mira")
        account.hasOldApp = true
        var world = World(account)

        let reply = world.post(.contentInit, .photos(mode: "MEDIA_UPLOAD"))

        #expect(reply.status == 400)
        #expect(reply.code == "app_version_check_failed")
    }

    @Test func `the code of the pages can be had instead of the live one`() {
        var world = World { $0.invalidParameterCode = "invalid_param" }

        #expect(world.post(.videoInit, [:]).code == "invalid_param")
    }
}
