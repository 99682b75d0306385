import Testing
import TikTok

struct UploadHostsTests {
    @Test(arguments: [
        "https://open-upload.tiktokapis.com/video/?upload_id=1",
        "https://upload.us.tiktokapis.com/x", "https://OPEN-upload-va.TikTokAPIs.com/x",
        "https://open-upload-sg.tiktokapis.com:443/x",
    ])
    func `TikTok's upload hosts are allowed`(address: String) throws {
        #expect(try UploadAddress(address, hosts: .tiktok).reveal() == address)
    }

    @Test(arguments: [
        "https://tiktokapis.com/x", "https://eviltiktokapis.com/x",
        "https://open-upload.tiktokapis.com.evil.example/x", "https://tiktokapis.com.evil/x",
        "http://open-upload.tiktokapis.com/x", "https://open-upload.tiktokapis.com:8443/x",
        "https://open-upload.tiktokapis.com@evil.example/x",
        "https://u:p@open-upload.tiktokapis.com/x", "https://127.0.0.1/x", "http://127.0.0.1/x",
        "ftp://open-upload.tiktokapis.com/x", "https://.tiktokapis.com/x", "//u.tiktokapis.com/",
        "https://u.tiktokapis.com./x", "https://a..tiktokapis.com/x", "https:/u.tiktokapis.com/",
        "", "https://u.tiktokapis.com/ x", "https://u.tiktokapis.com/\r\nX: y",
        "https://evil.example/#.tiktokapis.com", "https://evil.example\\.tiktokapis.com/",
        "https://evil.example/?.tiktokapis.com", "javascript:alert(1)",
    ])
    func `every other address is refused`(address: String) {
        #expect(throws: UploadAddressError.self) { try UploadAddress(address, hosts: .tiktok) }
    }

    @Test func `loopback allows plain http and nothing else`() throws {
        let any = try UploadHosts(["http://127.0.0.1", " *.Example.com "])

        #expect(any.allows(scheme: "http", host: "127.0.0.1", port: 80))
        #expect(any.allows(scheme: "http", host: "127.0.0.1", port: 40123))
        #expect(!any.allows(scheme: "https", host: "127.0.0.1", port: 443))
        #expect(!any.allows(scheme: "http", host: "127.0.0.2", port: 80))
        #expect(!any.allows(scheme: "http", host: "localhost", port: 80))
        #expect(!any.allows(scheme: "http", host: "a.example.com", port: 80))
        #expect(any.allows(scheme: "https", host: "a.b.example.com", port: 443))
        #expect(!any.allows(scheme: "https", host: "example.com", port: 443))
    }

    @Test func `a named port, an IPv6 loopback and an exact host are kept exactly`() throws {
        let hosts = try UploadHosts(["http://127.0.0.1:8080", "http://[::1]", "up.example.com"])

        #expect(hosts.allows(scheme: "http", host: "127.0.0.1", port: 8080))
        #expect(!hosts.allows(scheme: "http", host: "127.0.0.1", port: 8081))
        #expect(hosts.allows(scheme: "http", host: "::1", port: 9))
        #expect(hosts.allows(scheme: "http", host: "[::1]", port: 9))
        #expect(hosts.allows(scheme: "https", host: "up.example.com", port: 443))
        #expect(!hosts.allows(scheme: "https", host: "a.up.example.com", port: 443))
        #expect(!hosts.allows(scheme: "https", host: "up.example.com", port: 8443))
    }

    @Test(arguments: [
        "", "*", "*.", "*.com", "**.example.com", "a.*.example.com", "example.com/", "ex ample.com",
        "http://example.com", "http://127.0.0.1.example.com", "http://127.0.0.1:0",
        "http://127.0.0.1:99999", "http://127.0.0.1/x", "https://example.com", "-a.example.com",
        "exämple.com", "http://localhost", ".tiktokapis.com",
    ])
    func `a pattern that means too much or nothing is refused`(pattern: String) {
        #expect(throws: UploadHostsError.self) { try UploadHosts([pattern]) }
    }
}

struct APIAddressTests {
    @Test func `https anywhere and plain http on loopback`() throws {
        #expect(try APIAddress("https://open.tiktokapis.com/") == .tiktok)
        #expect(try APIAddress("http://127.0.0.1:8080").text == "http://127.0.0.1:8080")
        #expect(throws: APIAddressError.plainHTTP) { try APIAddress("http://open.tiktokapis.com") }
    }

    @Test(arguments: [
        "", "open.tiktokapis.com", "https://a/b", "https://a/?x", "https://u:p@a", "ftp://a",
        "https://a//", "https://a#x",
    ])
    func `anything more or less than scheme and host is refused`(text: String) {
        #expect(throws: APIAddressError.malformed) { try APIAddress(text) }
    }
}

struct NeverPrintedTests {
    struct Holder {
        let access: AccessToken?
        let grant: [String: RefreshToken?]
        let verifier: CodeVerifier?
        let address: UploadAddress?
        let client: ClientCredentials?
    }

    @Test func `secrets never print, however deep they are`() throws {
        let holder = Holder(
            access: AccessToken("act.canary-access"),
            grant: ["a": RefreshToken("rft.canary-refresh")],
            verifier: CodeVerifier(String(repeating: "canary-", count: 7)),
            address: try UploadAddress("https://u.tiktokapis.com/?t=canary", hosts: .tiktok),
            client: ClientCredentials(key: "ck", secret: try #require(ClientSecret("canary-sec")))
        )
        var dumped = ""
        dump(holder, to: &dumped)
        let printed = [
            "\(holder)", String(reflecting: holder), String(describing: holder), dumped,
            "\(holder.access as Any)", "\(holder.grant)",
            Mirror(reflecting: holder.access as Any).children.map { "\($0)" }.joined(),
        ]

        for text in printed {
            #expect(!text.contains("canary"), "\(text)")
        }
        #expect("\(try #require(holder.access))" == "AccessToken(…)")
    }

    @Test(arguments: ["", "a b", "a\n", "a\u{0}", "ä", String(repeating: "x", count: 4097)])
    func `what does not fit a header is no credential`(text: String) {
        #expect(AccessToken(text) == nil)
    }
}

struct WordTests {
    @Test(arguments: [
        ("public", "PUBLIC_TO_EVERYONE"), ("friends", "MUTUAL_FOLLOW_FRIENDS"),
        ("followers", "FOLLOWER_OF_CREATOR"), ("private", "SELF_ONLY"),
    ])
    func `an audience has TikTok's name and a friendly one`(friendly: String, tiktok: String) {
        #expect(PrivacyLevel(jobWord: friendly)?.tiktokName == tiktok)
        #expect(PrivacyLevel(jobWord: tiktok)?.friendlyName == friendly)
        #expect(PrivacyLevel(tiktokName: tiktok).friendlyName == friendly)
        #expect(PrivacyLevel(tiktokName: friendly) == .unknown(friendly))
    }

    @Test func `a job may not invent an audience`() {
        #expect(PrivacyLevel(jobWord: "Public") == nil)
        #expect(PrivacyLevel(jobWord: "") == nil)
        #expect(PrivacyLevel(tiktokName: "NEW\nONE") == .unknown("NEW ONE"))
    }

    @Test func `captions are counted in UTF-16 units`() {
        #expect(CaptionLimits.length("a👩‍👩‍👧") == 9)
        #expect(CaptionLimits.fitsVideoTitle(String(repeating: "👍", count: 1100)))
        #expect(!CaptionLimits.fitsVideoTitle(String(repeating: "👍", count: 1100) + "a"))
        #expect(CaptionLimits.fitsPhotoTitle(String(repeating: "e\u{301}", count: 45)))
        #expect(!CaptionLimits.fitsPhotoTitle(String(repeating: "a", count: 91)))
        #expect(!CaptionLimits.fitsPhotoDescription(String(repeating: "a", count: 4001)))
    }

    @Test func `addresses of posts are built from checked parts`() throws {
        let id = try #require(PostID("7700000000000000123"))

        #expect(
            ShareURL.video(id, by: "mira.bakes_1")
                == "https://www.tiktok.com/@mira.bakes_1/video/7700000000000000123"
        )
        #expect(ShareURL.profile("a/b?c") == "https://www.tiktok.com/@a%2Fb%3Fc")
        #expect(ShareURL.profile("") == nil)
        #expect(PostID("12x") == nil)
        #expect(PostID("0") == nil)
        #expect(PostID(String(repeating: "9", count: 21)) == nil)
    }

    @Test func `every call but the chunk has a path that ends with a slash`() {
        for endpoint in Endpoint.allCases where endpoint != .chunk {
            #expect(endpoint.path?.hasSuffix("/") == true)
        }
        #expect(Endpoint.videoInit.requestsPerMinute == 6)
        #expect(Endpoint.creatorInfo.requestsPerMinute == 20)
        #expect(Endpoint.postStatus.requestsPerMinute == 30)
    }
}
