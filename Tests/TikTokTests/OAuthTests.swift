import HTTP
import Testing
import TikTok

struct OAuthTests {
    let client: ClientCredentials
    let refresh: RefreshToken

    init() throws {
        client = ClientCredentials(key: "ck", secret: try #require(ClientSecret("s&cr=t+canary")))
        refresh = try #require(RefreshToken("rft.canary"))
    }

    static let grant = """
        {"access_token":"act.demo","expires_in":7200,"open_id":"-000demo",
        "refresh_expires_in":15552000,"refresh_token":"rft.demo2",
        "scope":"user.info.basic,video.publish","token_type":"Bearer","log_id":"L"}
        """

    @Test func `a code is exchanged by a form`() async throws {
        let canned = CannedTikTok(Self.grant)
        let code = try #require(AuthorizationCode("c0de*!"))
        let verifier = try #require(CodeVerifier(String(repeating: "v", count: 43)))

        let grant = try await canned.api.exchangeCode(
            code,
            redirectURI: "http://127.0.0.1:3455/callback",
            verifier: verifier,
            as: client
        )

        #expect(canned.requests.last?.url == "https://open.tiktokapis.com/v2/oauth/token/")
        #expect(canned.header("Content-Type") == "application/x-www-form-urlencoded")
        #expect(canned.header("Authorization") == nil)
        #expect(
            canned.lastForm
                == "client_key=ck&client_secret=s%26cr%3Dt%2Bcanary&code=c0de%2A%21"
                + "&grant_type=authorization_code"
                + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A3455%2Fcallback"
                + "&code_verifier=" + String(repeating: "v", count: 43)
        )
        #expect(grant.accessToken.reveal() == "act.demo")
        #expect(grant.refreshToken?.reveal() == "rft.demo2")
        #expect(grant.expiresIn == .seconds(7200))
        #expect(grant.refreshExpiresIn == .seconds(15_552_000))
        #expect(grant.scopes == ["user.info.basic", "video.publish"])
        #expect(grant.openID == "-000demo" && grant.logID == "L")
    }

    @Test func `a refresh sends the token once and takes strings for numbers`() async throws {
        let canned = CannedTikTok(
            #"{"access_token":"act.x","expires_in":"86400","refresh_token":""}"#
        )

        let grant = try await canned.api.refreshTokens(refresh, as: client)

        #expect(
            canned.lastForm?.hasSuffix("grant_type=refresh_token&refresh_token=rft.canary") == true
        )
        #expect(grant.expiresIn == .seconds(86400))
        #expect(grant.refreshToken == nil, "an empty one never replaces the old one")
        #expect(grant.refreshExpiresIn == nil)
    }

    @Test func `absurd lifetimes are bounded`() async throws {
        let canned = CannedTikTok(
            #"{"access_token":"a","expires_in":9223372036854775807,"refresh_expires_in":-5}"#
        )

        let grant = try await canned.api.refreshTokens(refresh, as: client)

        #expect(grant.expiresIn == .seconds(3660 * 86400))
        #expect(grant.refreshExpiresIn == .zero)
    }

    @Test(arguments: [200, 400, 401, 500])
    func `an error decides whatever the status`(status: Int) async throws {
        let canned = CannedTikTok(
            status: status,
            """
            {"error":"invalid_grant","error_description":"rft.canary s&cr=t+canary is bad",
            "log_id":"L"}
            """
        )

        let found = await error { () async throws(TikTokError) in
            try await canned.api.refreshTokens(refresh, as: client)
        }

        #expect(found?.code == .known(.invalidGrant))
        #expect(found?.entry.treatment == .reauthorise)
        #expect(found?.logID == "L")
        #expect(found.map { "\($0)" }?.contains("canary") == false)
    }

    @Test(arguments: [
        (200, "{}", "unreadable_reply"), (200, "", "unreadable_reply"),
        (200, #"{"access_token":""}"#, "unreadable_reply"),
        (200, #"{"access_token":"with space"}"#, "unreadable_reply"),
        (200, #"{"access_token":"a","error":"access_denied"}"#, "access_denied"),
        (502, "", "internal_error"), (429, "x", "rate_limit_exceeded"), (404, "", "http_404"),
    ])
    func `an answer without tokens is an error`(
        status: Int,
        body: String,
        code: String
    ) async throws {
        let canned = CannedTikTok(status: status, body)

        let found = await error { () async throws(TikTokError) in
            try await canned.api.refreshTokens(refresh, as: client)
        }

        #expect(found?.code.text == code)
    }

    @Test(arguments: ["", "{}", #"{"error":{"code":"ok"}}"#])
    func `a revocation is answered with nothing`(body: String) async throws {
        let canned = CannedTikTok(body)
        let token = try #require(AccessToken("act.x"))

        try await canned.api.revokeToken(token, as: client)

        #expect(canned.requests.last?.url.hasSuffix("/v2/oauth/revoke/") == true)
        #expect(canned.lastForm?.hasSuffix("token=act.x") == true)
    }

    @Test func `the challenge is hexadecimal`() throws {
        let verifier = try #require(CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
        // SHA-256 of the verifier; the vector of the notes on TikTok's API.
        let digest: [UInt8] = [
            0x13, 0xd3, 0x1e, 0x96, 0x1a, 0x1a, 0xd8, 0xec, 0x2f, 0x16, 0xb1, 0x0c, 0x4c, 0x98,
            0x2e, 0x08, 0x76, 0xa8, 0x78, 0xad, 0x6d, 0xf1, 0x44, 0x56, 0x6e, 0xe1, 0x89, 0x4a,
            0xcb, 0x70, 0xf9, 0xc3,
        ]

        let challenge = verifier.challenge { bytes in
            bytes == Array("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".utf8) ? digest : []
        }

        #expect(
            challenge?.text == "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"
        )
        #expect(CodeChallenge(digest: [1]) == nil)
        #expect(CodeVerifier("short") == nil)
        #expect(CodeVerifier(String(repeating: "+", count: 50)) == nil)
    }

    @Test func `the consent address holds everything, encoded`() throws {
        let address = AuthorizeAddress(
            clientKey: "ck",
            scopes: ["user.info.basic", "video.publish"],
            redirectURI: "https://example.com/cb",
            state: "s t&te",
            challenge: CodeChallenge(digest: [UInt8](repeating: 0xAB, count: 32)),
            alwaysAsks: true
        )

        #expect(
            address.text
                == "https://www.tiktok.com/v2/auth/authorize/?client_key=ck&response_type=code"
                + "&scope=user.info.basic%2Cvideo.publish"
                + "&redirect_uri=https%3A%2F%2Fexample.com%2Fcb&state=s%20t%26te"
                + "&disable_auto_auth=1&code_challenge=" + String(repeating: "ab", count: 32)
                + "&code_challenge_method=S256"
        )
    }
}
