import Synchronization
import Testing

@testable import HTTP

/// Where a name leads: addresses compared as bytes, and only the checked one connected to.
struct HTTPGuardTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let address: String
        let kind: AddressKind
        var testDescription: String { address }

        init(_ address: String, _ kind: AddressKind) {
            self.address = address
            self.kind = kind
        }
    }

    static let edges = [
        Row("0.0.0.0", .unspecified), Row("0.255.255.255", .unspecified),
        Row("1.0.0.0", .publicNetwork), Row("9.255.255.255", .publicNetwork),
        Row("10.0.0.0", .privateNetwork), Row("10.255.255.255", .privateNetwork),
        Row("11.0.0.0", .publicNetwork), Row("100.63.255.255", .publicNetwork),
        Row("100.64.0.0", .privateNetwork), Row("100.127.255.255", .privateNetwork),
        Row("100.128.0.0", .publicNetwork), Row("126.255.255.255", .publicNetwork),
        Row("127.0.0.0", .loopback), Row("127.255.255.255", .loopback),
        Row("128.0.0.0", .publicNetwork), Row("169.253.255.255", .publicNetwork),
        Row("169.254.0.0", .linkLocal), Row("169.254.255.255", .linkLocal),
        Row("172.15.255.255", .publicNetwork), Row("172.16.0.0", .privateNetwork),
        Row("172.31.255.255", .privateNetwork), Row("172.32.0.0", .publicNetwork),
        Row("192.0.0.0", .reserved), Row("192.0.0.255", .reserved),
        Row("192.0.1.0", .publicNetwork), Row("192.0.2.1", .documentation),
        Row("192.88.99.1", .reserved), Row("192.167.255.255", .publicNetwork),
        Row("192.168.0.0", .privateNetwork), Row("192.169.0.0", .publicNetwork),
        Row("198.17.255.255", .publicNetwork), Row("198.18.0.0", .privateNetwork),
        Row("198.19.255.255", .privateNetwork), Row("198.20.0.0", .publicNetwork),
        Row("198.51.100.7", .documentation), Row("203.0.113.7", .documentation),
        Row("223.255.255.255", .publicNetwork), Row("224.0.0.0", .multicast),
        Row("239.255.255.255", .multicast), Row("240.0.0.0", .reserved),
        Row("255.255.255.255", .reserved),
        Row("::", .unspecified), Row("::1", .loopback), Row("::2", .wrapped),
        Row("::127.0.0.1", .wrapped), Row("::1:0:0", .reserved),
        Row("::ffff:127.0.0.1", .loopback), Row("::ffff:10.0.0.1", .privateNetwork),
        Row("::ffff:169.254.169.254", .linkLocal), Row("::ffff:8.8.8.8", .wrapped),
        Row("::ffff:0:127.0.0.1", .wrapped), Row("64:ff9b::1", .wrapped),
        Row("64:ff9b::7f00:1", .wrapped), Row("64:ff9b:1::1", .wrapped),
        Row("64:ff9b:2::1", .reserved), Row("100::1", .reserved),
        Row("1fff:ffff::1", .reserved), Row("2000::1", .publicNetwork),
        Row("2001::1", .wrapped), Row("2001:0:ffff::1", .wrapped),
        Row("2001:10::1", .reserved), Row("2001:20::1", .reserved),
        Row("2001:1ff:ffff::1", .reserved), Row("2001:200::1", .publicNetwork),
        Row("2001:db8::1", .documentation), Row("2001:db9::1", .publicNetwork),
        Row("2002:7f00:1::", .wrapped), Row("2003::1", .publicNetwork),
        Row("2606:4700::1111", .publicNetwork), Row("3ffe:ffff::1", .publicNetwork),
        Row("3fff::1", .documentation), Row("3fff:fff::1", .documentation),
        Row("3fff:1000::1", .publicNetwork), Row("4000::1", .reserved),
        Row("fbff::1", .reserved), Row("fc00::1", .privateNetwork),
        Row("fd00:ec2::254", .privateNetwork), Row("fdff:ffff::1", .privateNetwork),
        Row("fe00::1", .reserved), Row("fe80::1", .linkLocal), Row("febf::1", .linkLocal),
        Row("fec0::1", .privateNetwork), Row("feff::1", .privateNetwork),
        Row("ff00::1", .multicast), Row("ff02::1", .multicast),
    ]

    @Test(arguments: edges)
    func `every block ends where the registry says`(row: Row) throws {
        let bytes = try #require(IPAddress.bytes(of: row.address))

        #expect(AddressKind(of: bytes) == row.kind)
    }

    @Test func `bytes of another length and own addresses are never public`() {
        #expect(AddressKind(of: []) == .malformed)
        #expect(AddressKind(of: [8, 8, 8, 8, 8]) == .malformed)
        #expect(AddressKind(of: [8, 8, 8, 8], own: [[8, 8, 8, 8]]) == .own)
        #expect(SystemResolver.ownAddresses().contains([127, 0, 0, 1]))
    }

    // MARK: Names

    private static let good: [UInt8] = [93, 184, 216, 34]

    private static func refusal(
        of answers: [[UInt8]],
        listed: Bool = false
    ) async throws -> DestinationError? {
        let text = "https://video.example/a"
        let allowed = listed ? try AllowedHosts(["video.example"]) : .anyPublic
        var refusal: DestinationError?
        try await HTTPFixture.run({ _ in }) { fixture in
            let client = GuardedClient(fixture.client, resolver: ScriptedResolver([answers])) {
                [[44, 1, 2, 3]]
            }
            do {
                _ = try await client.destination(of: try GuardedURL(text, allowed: allowed))
            } catch let error as DestinationError {
                refusal = error
            }
        }
        return refusal
    }

    @Test func `one address that is not public is enough to refuse a name`() async throws {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127, 0, 0, 1]

        #expect(try await Self.refusal(of: [Self.good]) == nil)
        #expect(
            try await Self.refusal(of: [Self.good, [10, 0, 0, 1]])
                == .refused(.leadsTo(.privateNetwork))
        )
        #expect(
            try await Self.refusal(of: [[169, 254, 169, 254], Self.good])
                == .refused(.leadsTo(.linkLocal))
        )
        #expect(try await Self.refusal(of: [Self.good, mapped]) == .refused(.leadsTo(.loopback)))
        #expect(try await Self.refusal(of: [[44, 1, 2, 3]]) == .refused(.leadsTo(.own)))
        #expect(try await Self.refusal(of: []) == .unresolved(.unknownHost))
    }

    @Test func `a listed name may be private, but never lead to a cloud's own address`()
        async throws
    {
        #expect(try await Self.refusal(of: [[10, 0, 0, 1], [127, 0, 0, 1]], listed: true) == nil)
        #expect(try await Self.refusal(of: [[44, 1, 2, 3]], listed: true) == nil)
        #expect(
            try await Self.refusal(of: [[10, 0, 0, 1], [169, 254, 169, 254]], listed: true)
                == .refused(.leadsTo(.linkLocal))
        )
    }

    @Test func `a name that changes its answer is refused when it is asked for again`() async throws
    {
        let resolver = ScriptedResolver([[Self.good], [[127, 0, 0, 1]]])
        try await HTTPFixture.run({ _ in }) { fixture in
            let client = GuardedClient(fixture.client, resolver: resolver)
            let url = try GuardedURL("https://video.example/", allowed: .anyPublic)

            _ = try await client.destination(of: url)

            await #expect(throws: DestinationError.refused(.leadsTo(.loopback))) {
                try await client.destination(of: url)
            }
            #expect(fixture.server.connectionCount == 0)
        }
    }

    // MARK: Requests

    private static let answering: ScriptedHTTPServer.Script = { connection in
        while true {
            let header = try connection.readHeader()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(header.utf8.count)\r\n\r\n")
            try connection.write(header)
        }
    }

    @Test func `requests go to the checked address, whatever the name leads to later`() async throws
    {
        // Nobody listens on the second address.
        let resolver = ScriptedResolver([[[127, 0, 0, 1]], [[127, 0, 0, 9]]])
        try await HTTPFixture.run(Self.answering) { fixture in
            let client = GuardedClient(fixture.client, resolver: resolver)
            let text = "http://video.example:\(fixture.server.port)/a"
            let url = try GuardedURL(text, allowed: try AllowedHosts(["video.example"]))
            let destination = try await client.destination(of: url)

            for _ in 0..<3 {
                let answer = try await client.send(HTTPRequest("GET", "http://x/"), to: destination)
                let header = String(decoding: answer.body, as: UTF8.self)
                #expect(header.hasPrefix("GET /a HTTP/1.1\r\nHost: video.example:"))
            }
            #expect(resolver.questions == ["video.example"])
        }
    }

    @Test func `the next address is tried when one cannot be connected to`() async throws {
        let resolver = ScriptedResolver([[[127, 0, 0, 9], [127, 0, 0, 1]]])
        try await HTTPFixture.run(Self.answering) { fixture in
            let client = GuardedClient(fixture.client, resolver: resolver)
            let text = "http://video.example:\(fixture.server.port)/a"
            let url = try GuardedURL(text, allowed: try AllowedHosts(["video.example"]))

            let answer = try await client.send(
                HTTPRequest("GET", "http://x/"),
                to: try await client.destination(of: url)
            )

            #expect(answer.status == 200)
        }
    }

    @Test func `a redirect to a private address is an answer and is not followed`() async throws {
        let inside = try ScriptedHTTPServer(Self.answering)
        try await HTTPFixture.run { connection in
            _ = try connection.readHeader()
            let place = inside.url("/latest/meta-data/")
            try connection.write(
                "HTTP/1.1 302 Found\r\nLocation: \(place)\r\nContent-Length: 0\r\n\r\n"
            )
        } _: { fixture in
            let client = GuardedClient(fixture.client, resolver: ScriptedResolver([]))
            let url = try GuardedURL(
                fixture.server.url(),
                allowed: try AllowedHosts(["127.0.0.1"])
            )

            let answer = try await client.send(
                HTTPRequest("GET", "http://x/"),
                to: try await client.destination(of: url)
            )

            #expect(answer.status == 302)
            #expect(inside.connectionCount == 0)
        }
        inside.stop()
    }
}

/// A resolver without packets: answers in turn, the last one for ever.
final class ScriptedResolver: HostResolver {
    private let answers: [[[UInt8]]]
    private let asked = Mutex<[String]>([])

    init(_ answers: [[[UInt8]]]) {
        self.answers = answers
    }

    /// Every host that was asked for.
    var questions: [String] { asked.withLock { $0 } }

    func addresses(of host: String) async throws(HostResolverError) -> [[UInt8]] {
        let turn = asked.withLock { asked in
            asked.append(host)
            return asked.count - 1
        }
        guard !answers.isEmpty else { throw .unknownHost }
        return answers[min(turn, answers.count - 1)]
    }
}
