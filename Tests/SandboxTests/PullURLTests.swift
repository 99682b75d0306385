import Testing

@testable import Sandbox

struct PullURLTests {
    @Test(arguments: [
        ("https://media.example.org/p/a.mp4", true), ("https://a.b.example.net/x?sig=1", true),
        ("https://example.net/x", true), ("https://EXAMPLE.net/x", true),
        ("https://media.example.org/p", false), ("https://media.example.org/prefix/a.mp4", false),
        ("https://media.example.org/p/../q/a.mp4", false),
        ("https://evil.org/media.example.org/p/a.mp4", false),
        ("https://evil.org/?https://media.example.org/p/", false),
        ("https://badexample.net/x", false), ("https://example.net.evil.org/x", false),
        ("http://127.0.0.1:8080/p/a.mp4", true), ("http://127.0.0.1:8081/p/a.mp4", false),
    ])
    func `only verified prefixes and domains may be pulled from`(url: String, isVerified: Bool) {
        var world = World {
            $0.verifiedDomains = ["example.net"]
            $0.verifiedPrefixes.append("http://127.0.0.1:8080/p/")
        }

        let code = world.post(.videoInit, .pull(url)).code

        #expect(code == (isVerified ? "ok" : "url_ownership_unverified"))
    }

    @Test(arguments: [
        "ftp://media.example.org/p/a", "https://", "https:///p/a", "https://u@example.net/x",
        "https://[::1]/x", "http://example.net/x", "https://example.net/a b",
        "media.example.org/p/a", "",
    ])
    func `what is no plain https URL is refused`(url: String) {
        var world = World { $0.verifiedDomains = ["example.net"] }

        #expect(world.post(.videoInit, .pull(url)).code == "invalid_params")
    }
}
