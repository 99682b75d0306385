import Crypto
import HTTP
import JSON
import Testing

@testable import Sandbox

struct OAuthTests {
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let redirect = "http://127.0.0.1:9000/callback"

    static let exchange = [
        "client_key": "sandbox-client-key", "client_secret": "sandbox-client-secret",
        "grant_type": "authorization_code", "code": "code-1", "redirect_uri": redirect,
        "code_verifier": verifier,
    ]

    static func world() -> World {
        var world = World()
        let code = SandboxCode(
            "code-1",
            openID: world.account.openID,
            redirectURI: redirect,
            // The published vector: lowercase hex, not base64url.
            challenge: "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3",
            scopes: ["video.publish"]
        )
        world.state.addCode(code, at: world.now)
        return world
    }

    @Test func `a code is exchanged once`() throws {
        var world = Self.world()

        let reply = world.form(.token, Self.exchange)

        #expect(reply.status == 200)
        #expect(reply.body["expires_in"] == 7200)
        #expect(reply.body["refresh_expires_in"] == 15_552_000)
        #expect(reply.body["token_type"] == "Bearer")
        #expect(reply.body["scope"] == "video.publish")
        #expect(reply.body["open_id"] == .string(world.account.openID))
        #expect(world.form(.token, Self.exchange).code == "invalid_grant")
        let token = try #require(reply.body["access_token"]?.string)
        var request = world.request(.creatorInfo)
        request.headers = ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
        #expect(world.send(request).code == "ok")
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let field: String
        let value: String?
        let code: String
        var testDescription: String { "\(field) \(value ?? "absent")" }

        init(_ field: String, _ value: String?, _ code: String) {
            self.field = field
            self.value = value
            self.code = code
        }
    }

    static let broken: [Broken] = [
        Broken("client_key", nil, "invalid_request"),
        Broken("client_key", "other", "invalid_client"),
        Broken("client_secret", nil, "invalid_request"),
        Broken("client_secret", "other", "invalid_client"),
        Broken("grant_type", nil, "invalid_request"),
        Broken("grant_type", "password", "unsupported_grant_type"),
        Broken("code", nil, "invalid_request"),
        Broken("code", "code-2", "invalid_grant"),
        Broken("redirect_uri", nil, "invalid_request"),
        Broken("redirect_uri", "http://127.0.0.1:9000/other", "invalid_request"),
        Broken("code_verifier", nil, "invalid_request"),
        Broken("code_verifier", String(repeating: "a", count: 43), "invalid_request"),
        Broken("code_verifier", "short", "invalid_request"),
        Broken("code", "100%2", "invalid_request"),
    ]

    @Test(arguments: broken)
    func `an exchange that breaks one rule is refused with 200 and an error`(rule: Broken) {
        var world = Self.world()
        var fields = Self.exchange
        fields[rule.field] = rule.value

        let reply = world.form(.token, fields)

        #expect(reply.status == 200)
        #expect(reply.code == rule.code)
        #expect(reply.body["error_description"]?.string?.isEmpty == false)
        #expect(reply.body["access_token"] == nil)
        // A refused attempt does not use the code up.
        #expect(world.form(.token, Self.exchange).body["access_token"] != nil)
    }

    @Test func `a code runs out after ten minutes`() {
        var world = Self.world()
        world.wait(seconds: 600)

        #expect(world.form(.token, Self.exchange).code == "invalid_grant")
    }

    @Test func `JSON is not taken at the token endpoint`() {
        var world = Self.world()

        let reply = world.post(.token, ["grant_type": "refresh_token"])

        #expect(reply.code == "invalid_request")
    }

    @Test func `a refresh kills the refresh token it used`() throws {
        var world = World()
        let old = world.connection.refreshToken

        let first = world.refresh(old)
        let new = try #require(first.body["refresh_token"]?.string)

        #expect(new != old)
        #expect(world.refresh(old).code == "invalid_grant")
        #expect(world.refresh(new).body["access_token"] != nil)
    }

    @Test func `without rotation the refresh token stays`() {
        var world = World { $0.rotatesRefreshTokens = false }
        let token = world.connection.refreshToken

        #expect(world.refresh(token).body["refresh_token"] == .string(token))
        #expect(world.refresh(token).body["access_token"] != nil)
    }

    @Test func `a refresh may be repeated for a while where the options say so`() throws {
        var world = World { $0.repeatedRefreshSeconds = 60 }
        let old = world.connection.refreshToken

        let first = world.refresh(old)
        world.wait(seconds: 59)
        let repeated = world.refresh(old)
        world.wait(seconds: 1)

        #expect(first.body["access_token"]?.string != nil)
        #expect(repeated.body["access_token"] == first.body["access_token"])
        #expect(repeated.body["refresh_token"] == first.body["refresh_token"])
        #expect(world.refresh(old).code == "invalid_grant")
    }

    @Test func `refresh tokens run out and must exist`() {
        var world = World()
        #expect(world.refresh("rft.unknown").code == "invalid_grant")

        world.wait(seconds: 15_552_000)

        #expect(world.refresh(world.connection.refreshToken).code == "invalid_grant")
    }

    @Test func `revoking kills both tokens and fails what is under way`() throws {
        var world = World()
        let client = [
            "client_key": "sandbox-client-key", "client_secret": "sandbox-client-secret",
        ]
        let publishID = try world.upload()

        let reply = world.form(
            .revoke,
            client.merging(["token": world.connection.accessToken]) { one, _ in one }
        )

        #expect(reply.status == 200)
        #expect(reply.body == [:])
        #expect(world.post(.creatorInfo).code == "access_token_invalid")
        #expect(world.refresh(world.connection.refreshToken).code == "invalid_grant")
        world.connection = world.state.addAccount(world.account, at: world.now)
        #expect(world.status(publishID).data["fail_reason"] == "auth_removed")
        #expect(world.form(.revoke, client).code == "invalid_request")
        let gone = client.merging(["token": "act.gone"]) { one, _ in one }
        #expect(world.form(.revoke, gone).code == "invalid_grant")
    }

    @Test(arguments: [
        ("a=b&c=d+e%2B", ["a": "b", "c": "d e+"]), ("a", ["a": ""]), ("", [:]),
    ])
    func `forms are decoded`(text: String, fields: [String: String]) {
        #expect(Form.read(Array(text.utf8)) == fields)
    }

    @Test(arguments: ["a=1&a=2", "a=%", "a=%4", "a=%zz", "a=%ff"])
    func `broken forms are refused`(text: String) {
        #expect(Form.read(Array(text.utf8)) == nil)
    }
}
