import JSON
import Testing

@testable import Sandbox

/// What the stand-in tells an app of its posts, and when.
struct SandboxWebhookTests {
    private func due(_ world: inout World) -> [String] {
        world.state.dueWebhooks(at: world.now).map(\.event)
    }

    @Test func `a public post is complete and then everybody can see it, each told once`() throws {
        var world = World { $0.moderation = .seconds(30) }
        let publishID = try world.upload()

        #expect(due(&world) == [])
        world.wait(seconds: 1)
        #expect(due(&world) == ["post.publish.complete"])
        #expect(due(&world) == [])
        world.wait(seconds: 30)
        let webhook = try #require(world.state.dueWebhooks(at: world.now).first)
        #expect(webhook.event == "post.publish.publicly_available")
        #expect(due(&world) == [])

        let body = try JSONValue(parsing: webhook.body(clientKey: "ck"))
        #expect(body["client_key"] == "ck" && body["user_openid"] == "-000-mira")
        #expect(body["create_time"]?.integer == world.now / 1000)
        let content = try JSONValue(parsing: Array(try #require(body["content"]?.string).utf8))
        #expect(content["publish_id"] == .string(publishID))
        #expect(content["publish_type"] == "DIRECT_PUBLISH")
        let id = world.state.report(at: world.now).posts.first?.postID
        #expect(content["post_id"] == .string(String(try #require(id))))
    }

    @Test func `a draft is delivered, then posted by its owner`() throws {
        var world = World()
        let draft = try world.begin(size: 1000, chunk: 1000, .inboxInit)
        #expect(world.put(draft, 0...999).status == 201)
        world.wait(seconds: 1)

        #expect(due(&world) == ["post.publish.inbox_delivered"])
        let privacy = "PUBLIC_TO_EVERYONE"
        let isPosted = world.state.publishDraft(draft.publishID, privacy: privacy, at: world.now)
        #expect(isPosted)
        #expect(due(&world) == ["post.publish.complete", "post.publish.publicly_available"])
        #expect(due(&world) == [] && world.state.unfinished.isEmpty)
    }

    @Test func `a post that failed says why, and one that is not public nothing of an id`() throws {
        var world = World()
        world.state.addFault(SandboxFault(.videoInit, .publishFails(reason: "spam_risk")))
        _ = try world.upload()
        world.wait(seconds: 1)
        let webhook = try #require(world.state.dueWebhooks(at: world.now).first)
        #expect(webhook.event == "post.publish.failed" && webhook.content["reason"] == "spam_risk")

        let own = world.post(
            .contentInit,
            .photos().setting("post_info.privacy_level", "SELF_ONLY")
        )
        #expect(own.status == 200)
        world.wait(seconds: 2)
        #expect(due(&world) == ["post.publish.complete"])
        #expect(world.state.unfinished.isEmpty)
    }

    @Test func `who takes the app off their list is told of, and so are the posts under way`()
        throws
    {
        var world = World()
        _ = try world.upload()

        world.state.disconnect("-000-mira", at: world.now)

        #expect(due(&world) == ["authorization.removed", "post.publish.failed"])
        #expect(due(&world) == [])
    }

    @Test func `reversed, the news of a post go out the newest first`() throws {
        var world = World { $0.webhooks.isReversed = true }
        _ = try world.upload()
        world.wait(seconds: 1)

        #expect(due(&world) == ["post.publish.publicly_available", "post.publish.complete"])
    }

    @Test func `a body is signed as TikTok's page says`() {
        let signature = SandboxWebhook.signature(of: [], secret: "k", at: 1_633_174_587)

        #expect(
            signature == "t=1633174587,s="
                + "9dc3520160e0ab3d4f6b398093ac1dd0465d037ccbac3f20a87cf15f8afef9e3"
        )
    }

    @Test(arguments: [
        ("http://127.0.0.1:80/x", true), ("http://[::1]:80/", true), ("http://10.0.0.1:80/", false),
        ("https://example.org/", false), ("http://127.0.0.1.example.org/", false),
        ("http://localhost:80/", false),
    ])
    func `webhooks go to this machine only`(_ url: String, _ isTaken: Bool) throws {
        var world = World()
        let body: JSONValue = ["webhooks": ["url": .string(url), "copies": 3]]

        let reply = world.send(SandboxRequest("POST", "/sandbox/options", body: body.encoded))

        #expect(reply.status == (isTaken ? 200 : 400))
        #expect(world.state.options.webhooks.url == (isTaken ? url : nil))
        #expect(world.state.options.webhooks.copies == (isTaken ? 3 : 1))
    }
}
