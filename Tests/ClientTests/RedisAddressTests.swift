import Testing

@testable import Redis

struct RedisAddressTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let url: String
        let place: RedisAddress.Place
        var user: String?
        var password: String?
        var database = 0
        var testDescription: String { url }
    }

    private static let good: [Good] = [
        Good(url: "redis://127.0.0.1:6379/0", place: .host(.init(host: "127.0.0.1", port: 6379))),
        Good(url: "redis://", place: .host(.init(host: "127.0.0.1", port: 6379))),
        Good(url: "REDIS://cache", place: .host(.init(host: "cache", port: 6379))),
        Good(
            url: "redis://:p%40ss%2F@cache:7000/15",
            place: .host(.init(host: "cache", port: 7000)),
            password: "p@ss/",
            database: 15
        ),
        Good(
            url: "redis://worker:a:b@c@[::1]:7000/9999",
            place: .host(.init(host: "::1", port: 7000)),
            user: "worker",
            password: "a:b@c",
            database: 9999
        ),
        Good(
            url: "redis://worker@cache/?db=3",
            place: .host(.init(host: "cache", port: 6379)),
            user: "worker",
            password: "",
            database: 3
        ),
        Good(
            url: "unix:///run/redis%20a.sock?db=1",
            place: .socket("/run/redis a.sock"),
            database: 1
        ),
        Good(
            url: "unix://:secret@/run/redis.sock",
            place: .socket("/run/redis.sock"),
            password: "secret"
        ),
        Good(
            url: "redis+sentinel://:secret@one:1,two,[::1]:3/main/2",
            place: .sentinels(
                [
                    .init(host: "one", port: 1), .init(host: "two", port: 26379),
                    .init(host: "::1", port: 3),
                ],
                master: "main"
            ),
            password: "secret",
            database: 2
        ),
    ]

    @Test(arguments: good)
    func `an address is read`(expected: Good) throws {
        let address = try RedisAddress(expected.url)

        #expect(address.place == expected.place)
        #expect(address.user == expected.user)
        #expect(address.password == expected.password)
        #expect(address.database == expected.database)
    }

    @Test(arguments: [
        ("", RedisAddressError.unknownScheme),
        ("localhost:6379", .unknownScheme),
        ("http://localhost", .unknownScheme),
        ("redis://a b", .badHost),
        ("redis://one,two", .badHost),
        ("redis://cache:0", .badPort),
        ("redis://cache:65536", .badPort),
        ("redis://cache:", .badPort),
        ("redis://[::1]6379", .badPort),
        ("redis://cache/10000", .badDatabase),
        ("redis://cache/-1", .badDatabase),
        ("redis://cache/0x1", .badDatabase),
        ("redis://cache/0/1", .tooManyPathSegments),
        ("redis://cache?ssl_cert_reqs=none", .unknownOption("ssl_cert_reqs")),
        ("redis://cache?SE-CRET=1", .unknownOption("?")),
        ("redis://:%zz@cache", .badPercentEncoding),
        ("redis://:%ff@cache", .badPercentEncoding),
        ("redis://:%4@cache", .badPercentEncoding),
        ("unix://run/redis.sock", .badSocketPath),
        ("unix:///", .badSocketPath),
        ("unix:///a%00b", .badSocketPath),
        ("unix:///" + String(repeating: "a", count: 107), .badSocketPath),
        ("redis+sentinel://one:1", .missingMaster),
        ("redis+sentinel://one,/main", .badHost),
        ("redis+sentinel:///main", .badHost),
    ])
    func `what is wrong with an address is named`(url: String, error: RedisAddressError) {
        #expect(throws: error) { try RedisAddress(url) }
    }

    @Test(arguments: [
        "redis://hunter2:hunter2@cache:1/2", "unix://:hunter2@/run/redis.sock",
        "redis+sentinel://:hunter2@one:1/main",
    ])
    func `an address never prints its login`(url: String) throws {
        let address = try RedisAddress(url)
        var dumped = ""
        dump(address, to: &dumped)

        for text in ["\(address)", String(reflecting: address), dumped, "\([address])"] {
            #expect(!text.contains("hunter2"))
        }
        #expect("\(address)".contains("…@"))
    }

    @Test func `an address without a login prints whole`() throws {
        #expect("\(try RedisAddress("redis://[::1]/2"))" == "redis://[::1]:6379/2")
    }
}
