import HTTP
import JSON
import Testing

@testable import Sandbox

struct AdmissionTests {
    static let api: [SandboxEndpoint] = [
        .creatorInfo, .videoInit, .inboxInit, .contentInit, .status, .cancel, .videoList, .userInfo,
    ]

    /// A scope that does not open the endpoint.
    static func wrongScope(_ endpoint: SandboxEndpoint) -> String {
        switch endpoint {
        case .creatorInfo, .videoInit: "video.upload"
        case .inboxInit: "video.publish"
        default: "user.info.stats"
        }
    }

    @Test(arguments: api)
    func `a token that is missing, malformed, unknown or expired is invalid`(
        endpoint: SandboxEndpoint
    ) {
        var world = World()
        let token = world.connection.accessToken
        let values = [nil, "Bearer", "Bearer act.unknown", token, "bearer \(token)"]

        for value in values {
            var request = world.request(endpoint, [:])
            request.headers = ["Content-Type": "application/json"]
            if let value { request.headers.add("Authorization", value) }
            let reply = world.send(request)
            #expect(reply.status == 401)
            #expect(reply.code == "access_token_invalid")
        }
        world.wait(seconds: 7200)
        #expect(world.post(endpoint, [:]).code == "access_token_invalid")
    }

    @Test(arguments: api)
    func `a token without the scope is refused`(endpoint: SandboxEndpoint) {
        var account = SandboxAccount("mira")
        account.scopes = [Self.wrongScope(endpoint)]
        var world = World(account)

        let reply = world.post(endpoint, [:])

        #expect(reply.status == 401)
        #expect(reply.code == "scope_not_authorized")
    }

    @Test func `each mode of a photo post needs its own scope`() {
        for (scope, mode) in [("video.publish", "MEDIA_UPLOAD"), ("video.upload", "DIRECT_POST")] {
            var account = SandboxAccount("mira")
            account.scopes = [scope]
            var world = World(account)

            #expect(world.post(.contentInit, .photos(mode: mode)).code == "scope_not_authorized")
        }
    }

    @Test(arguments: api.filter { $0 != .userInfo })
    func `only JSON is taken`(endpoint: SandboxEndpoint) {
        var world = World()

        for type in [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
            var request = world.request(endpoint, [:])
            request.headers = ["Authorization": "Bearer \(world.connection.accessToken)"]
            if let type { request.headers.add("Content-Type", type) }
            let reply = world.send(request)
            #expect(reply.status == 400)
            #expect(reply.message == "Content-Type must be application/json; charset=UTF-8")
        }
        #expect(world.violations.count == 4)
    }

    @Test(arguments: [SandboxEndpoint.videoInit, .inboxInit, .contentInit, .status, .cancel])
    func `a body that is no JSON object is refused`(endpoint: SandboxEndpoint) {
        for (body, message) in [
            ("", "The body is not JSON"), ("{", "The body is not JSON"),
            ("[]", "The body must be a JSON object"), ("5", "The body must be a JSON object"),
        ] {
            var world = World()
            var request = world.request(endpoint)
            request.body = Array(body.utf8)
            let reply = world.send(request)
            #expect(reply.status == 400)
            #expect(reply.message == message)
        }
    }

    @Test(arguments: SandboxEndpoint.allCases.filter { $0.family == .envelope && $0 != .unknown })
    func `another method or a missing slash is refused and noted`(endpoint: SandboxEndpoint) {
        var world = World()
        var request = world.request(endpoint, [:])
        request.method = "DELETE"
        #expect(world.send(request).status == 405)

        request = world.request(endpoint, [:])
        request.path.removeLast()
        let reply = world.send(request)

        #expect(reply.status == 404)
        #expect(reply.message == "All paths end with a slash")
        #expect(world.violations.count == 2)
    }

    @Test(arguments: [
        (SandboxEndpoint.creatorInfo, 20), (.videoInit, 6), (.inboxInit, 6), (.contentInit, 6),
        (.status, 30), (.videoList, 600), (.userInfo, 600),
    ])
    func `requests in any sixty seconds are limited`(endpoint: SandboxEndpoint, limit: Int) {
        var world = World()
        // Half of them now, half of them 30 seconds later.
        for number in 0..<limit {
            if number == limit / 2 { world.wait(seconds: 30) }
            #expect(world.post(endpoint).code != "rate_limit_exceeded")
        }

        let refused = world.post(endpoint)
        #expect(refused.status == 429)
        #expect(refused.code == "rate_limit_exceeded")
        #expect(refused.answer.headers["Retry-After"] == nil)

        world.now += 29_999
        #expect(world.post(endpoint).status == 429)
        world.now += 1
        for _ in 0..<(limit / 2) { #expect(world.post(endpoint).status != 429) }
        #expect(world.post(endpoint).status == 429)
    }

    @Test func `limits are those of one token at one endpoint`() {
        var world = World()
        for _ in 0..<7 { _ = world.post(.videoInit) }

        #expect(world.post(.videoInit).status == 429)
        #expect(world.post(.inboxInit, .video()).code == "ok")
        world.connection = world.state.addAccount(SandboxAccount("noor"), at: world.now)
        #expect(world.post(.videoInit, .video()).code == "ok")
    }
}

struct CapTests {
    @Test func `posts of any 24 hours are capped, and failed ones do not count`() throws {
        var account = SandboxAccount("mira")
        account.postsPerDay = 3
        var world = World(account) { $0.requestsPerMinute = [:] }
        world.state.addFault(SandboxFault(.videoInit, .publishFails(reason: "internal")))
        for _ in 0..<3 { _ = try world.upload() }
        world.wait(seconds: 2)

        // One of the three has failed by now.
        _ = try world.upload()
        let refused = world.post(.videoInit, .video())
        #expect(refused.status == 403)
        #expect(refused.code == "spam_risk_too_many_posts")
        let info = world.post(.creatorInfo)
        #expect(info.status == 200)
        #expect(info.code == "spam_risk_too_many_posts")
        #expect(world.post(.contentInit, .photos()).code == "spam_risk_too_many_posts")
        #expect(world.post(.inboxInit, .video()).code == "ok")

        world.wait(seconds: 86_400)
        world.connection = world.state.addAccount(account, at: world.now)
        #expect(world.post(.creatorInfo).code == "ok")
    }

    @Test func `an upload that never came frees its place after an hour`() {
        var account = SandboxAccount("mira")
        account.postsPerDay = 1
        var world = World(account)
        #expect(world.post(.videoInit, .video()).code == "ok")
        #expect(world.post(.videoInit, .video()).status == 403)

        world.wait(seconds: 3600)

        #expect(world.post(.videoInit, .video()).code == "ok")
    }

    @Test func `five drafts may wait, and one that is used frees its place`() throws {
        var world = World { $0.requestsPerMinute = [:] }
        var last = ""
        for _ in 0..<5 {
            let upload = try world.begin(size: 10, chunk: 10, .inboxInit)
            #expect(world.put(upload, 0...9).status == 201)
            last = upload.publishID
        }
        world.wait(seconds: 1)

        for refused in [
            world.post(.inboxInit, .video()),
            world.post(.contentInit, .photos(mode: "MEDIA_UPLOAD")),
        ] {
            #expect(refused.status == 403)
            #expect(refused.code == "spam_risk_too_many_pending_share")
        }
        let isUsed = world.state.publishDraft(last, privacy: "SELF_ONLY", at: world.now)
        #expect(isUsed)
        #expect(world.post(.inboxInit, .video()).code == "ok")
    }

    @Test func `only so many creators a day, and those already counted go on`() {
        var world = World { $0.activeCreatorsPerDay = 1 }
        let first = world.connection
        #expect(world.post(.videoInit, .video()).code == "ok")

        world.connection = world.state.addAccount(SandboxAccount("noor"), at: world.now)
        #expect(world.post(.videoInit, .video()).code == "reached_active_user_cap")
        #expect(world.post(.videoInit, .video()).status == 403)
        let info = world.post(.creatorInfo)
        #expect(info.code == "reached_active_user_cap")
        #expect(info.status == 200)
        #expect(world.post(.inboxInit, .video()).code == "ok")

        world.connection = first
        #expect(world.post(.videoInit, .video()).code == "ok")
    }

    @Test func `an unaudited app has five creators a day`() {
        var world = World { $0.isAudited = false }
        var codes: [String] = []
        for name in ["a", "b", "c", "d", "e", "f"] {
            var account = SandboxAccount(name)
            account.isPrivate = true
            world.connection = world.state.addAccount(account, at: world.now)
            codes.append(world.post(.videoInit, .video(privacy: "SELF_ONLY")).code)
        }

        #expect(codes == ["ok", "ok", "ok", "ok", "ok", "reached_active_user_cap"])
        world.wait(seconds: 86_400)
        world.connection = world.state.addAccount(world.account, at: world.now)
        #expect(world.post(.creatorInfo).code == "ok")
    }

    @Test func `a banned creator can post nothing`() {
        var account = SandboxAccount("mira")
        account.isBanned = true
        var world = World(account)
        let code = "spam_risk_user_banned_from_posting"

        for reply in [
            world.post(.videoInit, .video()), world.post(.inboxInit, .video()),
            world.post(.contentInit, .photos()),
        ] {
            #expect(reply.status == 403)
            #expect(reply.code == code)
        }
        #expect(world.post(.creatorInfo).status == 200)
        #expect(world.post(.creatorInfo).code == code)
    }
}
