import HTTP
import JSON
import Testing

@testable import Sandbox

struct PostLifeTests {
    @Test func `creator info tells what the account may do`() {
        var account = SandboxAccount("mira.bakes")
        account.isPrivate = true
        account.commentDisabled = true
        var world = World(account)

        let data = world.post(.creatorInfo).data

        #expect(data["creator_username"] == "mira.bakes")
        #expect(
            data["privacy_level_options"]
                == ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
        )
        #expect(data["comment_disabled"] == true)
        #expect(data["duet_disabled"] == true)
        #expect(data["max_video_post_duration_sec"] == 600)
        #expect(world.post(.creatorInfo, [:]).code == "ok")
    }

    @Test func `a public video is processed and then has a post id above two to the fifty-third`()
        throws
    {
        var world = World { $0.moderation = .seconds(30) }
        let publishID = try world.upload()
        #expect(publishID.hasPrefix("v_pub_file~v2-1."))
        #expect(publishID.utf8.count <= 64)
        #expect(world.status(publishID).data["status"] == "PROCESSING_UPLOAD")
        #expect(world.status(publishID).data["uploaded_bytes"] == 1000)

        world.wait(seconds: 1)
        let complete = world.status(publishID)
        #expect(complete.data["status"] == "PUBLISH_COMPLETE")
        #expect(complete.data["publicaly_available_post_id"] == [])
        world.wait(seconds: 30)

        let reply = world.status(publishID)
        let id = try #require(reply.data["publicaly_available_post_id"]?.array?.first?.integer)
        #expect(id > 1 << 53)
        #expect(String(decoding: reply.answer.body, as: UTF8.self).contains("[\(id)]"))
        #expect(world.state.report(at: world.now).delivered(titled: "loaf").count == 1)
    }

    @Test func `a post that is not public never gets an id`() throws {
        var world = World()
        let reply = world.post(.videoInit, .video(privacy: "SELF_ONLY"))
        let publishID = try #require(reply.data["publish_id"]?.string)
        let url = try #require(reply.data["upload_url"]?.string)
        #expect(url.utf8.count <= 256)
        let query = url.split(separator: "?")[1].split(separator: "&").map {
            (String($0.split(separator: "=")[0]), String($0.split(separator: "=")[1]))
        }
        let upload = Started(publishID: publishID, query: query, size: 1000)
        #expect(world.put(upload, 0...999).status == 201)

        world.wait(seconds: 86_000)
        world.connection = world.state.addAccount(world.account, at: world.now)

        #expect(world.status(publishID).data["status"] == "PUBLISH_COMPLETE")
        #expect(world.status(publishID).data["publicaly_available_post_id"] == [])
    }

    @Test func `a draft waits in the inbox until its owner posts it`() throws {
        var world = World()
        let upload = try world.begin(size: 10, chunk: 10, .inboxInit)
        #expect(upload.publishID.hasPrefix("v_inbox_file~"))
        #expect(world.put(upload, 0...9).status == 201)
        let isEarly = world.state.publishDraft(upload.publishID, privacy: "", at: world.now)
        #expect(!isEarly)
        world.wait(seconds: 1)
        #expect(world.status(upload.publishID).data["status"] == "SEND_TO_USER_INBOX")

        let isUsed = world.state.publishDraft(
            upload.publishID,
            privacy: "PUBLIC_TO_EVERYONE",
            at: world.now
        )
        #expect(isUsed)

        let data = world.status(upload.publishID).data
        #expect(data["status"] == "PUBLISH_COMPLETE")
        #expect(data["publicaly_available_post_id"]?.array?.count == 1)
    }

    @Test func `photos are downloaded, processed and published`() throws {
        var world = World()
        let reply = world.post(.contentInit, .photos())
        let publishID = try #require(reply.data["publish_id"]?.string)
        #expect(publishID.hasPrefix("p_pub_url~"))
        #expect(reply.data["upload_url"] == nil)
        #expect(world.status(publishID).data["status"] == "PROCESSING_DOWNLOAD")
        #expect(world.status(publishID).data["downloaded_bytes"] == 0)

        world.wait(seconds: 2)

        #expect(world.status(publishID).data["status"] == "PUBLISH_COMPLETE")
        let draft = world.post(.contentInit, .photos(mode: "MEDIA_UPLOAD"))
        world.wait(seconds: 2)
        let draftID = try #require(draft.data["publish_id"]?.string)
        #expect(world.status(draftID).data["status"] == "SEND_TO_USER_INBOX")
    }

    @Test func `a pull can be cancelled while it downloads, and not later`() throws {
        var world = World { $0.verifiedDomains = ["example.net"] }
        let pulls = [
            world.post(.videoInit, .pull()),
            world.post(.inboxInit, .pull("https://a.example.net/x")),
        ]
        let ids = try pulls.map { try #require($0.data["publish_id"]?.string) }
        #expect(ids[0].hasPrefix("v_pub_url~"))
        #expect(ids[1].hasPrefix("v_inbox_url~"))
        world.now += 500

        let reply = world.post(.cancel, ["publish_id": .string(ids[0])])
        #expect(reply.code == "ok")
        #expect(reply.body["data"] == nil)
        #expect(world.status(ids[0]).data["fail_reason"] == "publish_cancelled")
        world.now += 500

        for id in ids {
            let late = world.post(.cancel, ["publish_id": .string(id)])
            #expect(late.status == 400)
            #expect(late.code == "publish_not_cancellable")
        }
    }

    @Test func `an upload cannot be cancelled`() throws {
        var world = World()
        let upload = try world.begin(size: 10, chunk: 10)

        let reply = world.post(.cancel, ["publish_id": .string(upload.publishID)])

        #expect(reply.code == "publish_not_cancellable")
    }

    @Test(arguments: [SandboxEndpoint.status, .cancel])
    func `a publish id must exist and be one's own`(endpoint: SandboxEndpoint) throws {
        var world = World()
        let publishID = try world.upload()

        let unknown = world.post(endpoint, ["publish_id": "v_pub_file~v2-1.1"])
        #expect(unknown.status == 400)
        #expect(unknown.code == "invalid_publish_id")
        #expect(world.post(endpoint, [:]).message == "publish_id is required")
        #expect(world.post(endpoint, ["publish_id": 5]).message == "publish_id must be a string")
        world.connection = world.state.addAccount(SandboxAccount("noor"), at: world.now)
        let foreign = world.post(endpoint, ["publish_id": .string(publishID)])
        #expect(foreign.status == 400)
        #expect(foreign.code == "token_not_authorized_for_specified_publish_id")
    }

    @Test func `beginning a title again that stands already is noted`() throws {
        var world = World()
        _ = world.post(.videoInit, .video(title: "lost answer"))
        _ = world.post(.videoInit, .video(title: "lost answer"))
        #expect(world.violations == [])

        _ = try world.upload(title: "loaf")
        _ = try world.upload(title: "loaf")

        #expect(world.violations == ["init: the title 'loaf' stands already"])
        world.wait(seconds: 1)
        #expect(world.state.report(at: world.now).delivered(titled: "loaf").count == 2)
    }

    @Test func `public videos are listed, newest first, by pages`() throws {
        var world = World { $0.requestsPerMinute = [:] }
        for title in ["one", "two", "three"] {
            _ = try world.upload(title: title)
            world.wait(seconds: 2)
        }
        _ = world.post(.videoInit, .video(title: "not yet there"))
        var request = world.request(.videoList, ["max_count": 2])
        request.query = [("fields", "id,title")]

        let first = world.send(request)
        #expect(first.data["videos"]?.array?.map { $0["title"] } == ["three", "two"])
        #expect(first.data["has_more"] == true)
        request.body = JSONValue.object(["cursor": first.data["cursor"] ?? .null]).encoded
        let second = world.send(request)

        #expect(second.data["videos"]?.array?.map { $0["title"] } == ["one"])
        #expect(second.data["has_more"] == false)
        request.query = []
        #expect(world.send(request).message == "fields is required")
        request.query = [("fields", "id")]
        request.body = JSONValue.object(["max_count": 21]).encoded
        #expect(world.send(request).message == "max_count must be 1 to 20")
    }

    @Test func `user info gives the fields whose scopes were granted`() {
        var account = SandboxAccount("mira")
        account.scopes = ["user.info.basic", "user.info.profile"]
        var world = World(account)
        var request = world.request(.userInfo)
        request.query = [("fields", "open_id,username")]

        #expect(
            world.send(request).data["user"]
                == ["open_id": .string(account.openID), "username": "mira"]
        )
        request.query = [("fields", "open_id,video_count")]
        let reply = world.send(request)
        #expect(reply.status == 400)
        #expect(reply.code == "scope_permission_missed")
        request.query = [("fields", "shoe_size")]
        #expect(world.send(request).code == "invalid_params")
    }
}
