import Testing

@testable import HTTP

/// URLs from outside, judged by their text alone: nobody is asked for an address.
struct HTTPGuardedURLTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let reason: URLRefusal
        var testDescription: String { text.debugDescription }

        init(_ text: String, _ reason: URLRefusal) {
            self.text = text
            self.reason = reason
        }
    }

    /// The inputs that have opened other people's services, each with the reason it must get here.
    static let published = [
        Refusal("http://127.1", .addressInsteadOfName(.loopback)),
        Refusal("http://2130706433", .addressInsteadOfName(.loopback)),
        Refusal("http://0x7f.1", .addressInsteadOfName(.loopback)),
        Refusal("http://0177.0.0.1", .addressInsteadOfName(.loopback)),
        Refusal("http://[::ffff:127.0.0.1]", .addressInsteadOfName(.loopback)),
        Refusal("http://[::ffff:7f00:1]", .addressInsteadOfName(.loopback)),
        Refusal("http://[64:ff9b::7f00:1]", .addressInsteadOfName(.wrapped)),
        Refusal("http://[2002:7f00:1::]", .addressInsteadOfName(.wrapped)),
        Refusal("http://[fe80::1%25eth0]", .zone),
        Refusal(
            "http://169.254.169.254/latest/meta-data/",
            .addressInsteadOfName(.linkLocal)
        ),
        Refusal("http://[fd00:ec2::254]", .addressInsteadOfName(.privateNetwork)),
        Refusal("http://user@host", .credentials),
        Refusal("https://good.example@127.0.0.1", .credentials),
        Refusal("https://host\\@127.0.0.1", .backslash),
        Refusal("https://host.example:22", .port(22)),
        Refusal("https://host.example/a\r\nHost: b", .blankOrControlCharacter),
        Refusal("https://\u{FF11}\u{FF12}\u{FF17}.0.0.1/", .notASCII),
    ]

    static let others = [
        Refusal("https://127.0.0.1/", .addressInsteadOfName(.loopback)),
        Refusal("https://127.0.0.1./", .malformed(.badHost)),
        Refusal("https://0/", .addressInsteadOfName(.unspecified)),
        Refusal("https://[::]/", .addressInsteadOfName(.unspecified)),
        Refusal("https://[::1]/", .addressInsteadOfName(.loopback)),
        Refusal("https://8.8.8.8/", .addressInsteadOfName(.publicNetwork)),
        Refusal("https://[2606:4700::1111]/", .addressInsteadOfName(.publicNetwork)),
        Refusal("https://%31%32%37.0.0.1/", .addressInsteadOfName(.loopback)),
        Refusal("https://0x1ffffffff/", .malformed(.badHost)),
        Refusal("https://a.0x7f/", .malformed(.badHost)),
        Refusal("https://1.2.3.4.5/", .malformed(.badHost)),
        Refusal("https://host.example./", .malformed(.badHost)),
        Refusal("https://-host.example/", .malformed(.badHost)),
        Refusal("https://host..example/", .malformed(.badHost)),
        Refusal("https://localhost/", .specialName),
        Refusal("https://postgres/", .specialName),
        Refusal("https://a.localhost/", .specialName),
        Refusal("https://printer.local/", .specialName),
        Refusal("https://metadata.google.internal/", .specialName),
        Refusal("https://abc.onion/", .specialName),
        Refusal("https://1.0.0.127.in-addr.arpa/", .specialName),
        Refusal("http://host.example/", .plainHTTP),
        Refusal("HTTP://host.example/", .plainHTTP),
        Refusal("https://host.example:80/", .port(80)),
        Refusal("https://host.example:8443/", .port(8443)),
        Refusal("https://host.example:0/", .malformed(.badPort)),
        Refusal("https://:secret@host.example/", .credentials),
        Refusal("https://host.example/a b", .blankOrControlCharacter),
        Refusal("https://host.example/a\u{0}", .blankOrControlCharacter),
        Refusal("https://host.example/\u{7F}", .blankOrControlCharacter),
        Refusal("https://host.example%00/", .malformed(.badHost)),
        Refusal("https://host.example%2F@b.example/", .credentials),
        Refusal("https://h\u{F6}st.example/", .notASCII),
        Refusal("https://host\u{3002}example/", .notASCII),
        Refusal("file:///etc/passwd", .malformed(.malformed("no // after the scheme"))),
        Refusal("gopher://host.example/", .malformed(.unsupportedScheme)),
        Refusal("ftp://host.example/", .malformed(.unsupportedScheme)),
        Refusal("//host.example/", .malformed(.malformed("no scheme"))),
    ]

    @Test(arguments: published + others)
    func `a URL that may lead astray is refused with its own reason`(row: Refusal) {
        #expect(throws: row.reason) { try GuardedURL(row.text, allowed: .anyPublic) }
    }

    @Test func `a URL of a public host is taken as it is`() throws {
        let text = "https://CDN.example.com/a%20b/v.mp4?X-Signature=1%2F2"
        let guarded = try GuardedURL(text, allowed: .anyPublic)

        #expect(guarded.url.text == "https://cdn.example.com/a%20b/v.mp4?X-Signature=1%2F2")
        #expect("\(guarded)" == "https://cdn.example.com:443/…")
        let taken = ["https://a_b.example.com:443/", "https://xn--bcher-kva.example/"]
        for text in taken {
            #expect(throws: Never.self) { try GuardedURL(text, allowed: .anyPublic) }
        }
    }

    @Test func `no refusal repeats the text`() {
        for row in Self.published + Self.others {
            for part in ["127", "host.example", "secret", "passwd"] {
                #expect(!"\(row.reason)".contains(part))
            }
        }
    }

    // MARK: Hosts that the operator lists

    @Test func `a listed host may be plain http and on any port, others are refused`() throws {
        let allowed = try AllowedHosts(["Storage.example", "minio", "127.0.0.1", "::1"])

        for text in [
            "http://storage.example/a", "https://storage.example:9000/a", "http://minio:9000/a",
            "http://127.0.0.1:8080/a", "http://0x7f.1/a", "http://[::1]:8080/a",
            "http://[0:0::1]/a",
        ] {
            #expect(throws: Never.self) { try GuardedURL(text, allowed: allowed) }
        }
        #expect(throws: URLRefusal.notListed) {
            try GuardedURL("https://cdn.example.com/a", allowed: allowed)
        }
        #expect(throws: URLRefusal.notListed) {
            try GuardedURL("https://a.storage.example/a", allowed: allowed)
        }
        #expect(throws: URLRefusal.notListed) {
            try GuardedURL("https://eviltorage.example/a", allowed: allowed)
        }
        #expect(throws: URLRefusal.addressInsteadOfName(.loopback)) {
            try GuardedURL("http://127.0.0.2/a", allowed: allowed)
        }
        #expect(throws: URLRefusal.credentials) {
            try GuardedURL("http://minio@storage.example/a", allowed: allowed)
        }
        #expect(throws: URLRefusal.backslash) {
            try GuardedURL("http://minio\\@b/a", allowed: allowed)
        }
    }

    @Test(arguments: [
        "", " ", "https://a", "a:443", "[::1]:443", "a/b", "a@b", "*.example.com", "a b", "a.",
        "\u{E4}",
        "a?b", "a#b", "a%2eb", "[fe80::1%25eth0]", "-a",
    ])
    func `what is no host is not listed`(host: String) {
        #expect(throws: AllowedHostsError(host: host)) { try AllowedHosts(["a.example", host]) }
    }
}
