import Files
import Foundation
import Testing
import TikTok

@testable import App
@testable import Publishing

/// Every setting at its bounds, problems told all at once, and no secret ever told.
struct SettingsTests {
    // MARK: Bounds

    struct Bound: Sendable, CustomTestStringConvertible {
        let setting: Setting
        let range: ClosedRange<Int>

        var testDescription: String { setting.name }
    }

    private static let bounds: [Bound] = [
        (Setting.concurrency, 1...10_000), (.leaseSeconds, 3...300), (.maxAttempts, 1...50),
        (.retryBaseSeconds, 1...600), (.retryMaxSeconds, 1...86_400),
        (.shutdownGraceSeconds, 1...3600), (.chunkBytes, 5_242_880...32_000_000),
        (.uploadMemoryBytes, 16_777_216...1_099_511_627_776), (.dailyPostLimit, 0...100_000),
        (.dailyDraftLimit, 0...100_000), (.dailyAccountLimit, 0...10_000_000),
        (.initPerMinute, 1...100_000), (.creatorInfoPerMinute, 1...100_000),
        (.statusPerMinute, 1...100_000), (.accountConcurrency, 1...100),
        (.statusDeadlineSeconds, 60...604_800), (.celeryResultExpires, 1...31_536_000),
    ].map { Bound(setting: $0, range: $1) }

    @Test func `every number among the settings has bounds`() {
        let numbers = Setting.all.filter { Int($0.fallback) != nil }.map(\.name)

        #expect(Set(numbers) == Set(Self.bounds.map(\.setting.name)))
    }

    @Test(arguments: bounds)
    func `a number holds at its bounds and is refused one beyond`(_ bound: Bound) {
        let range = bound.range
        let rule = "must be a whole number from \(range.lowerBound) to \(range.upperBound), not"

        for good in [range.lowerBound, range.upperBound] {
            #expect(Good.problems(Good.with(bound.setting, "\(good)")) == [])
        }
        for bad in ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "ten", "1.5", "1e3", "١"]
        {
            let problem = SettingReader.Problem(
                setting: bound.setting.name,
                rule: "\(rule) '\(bad)'"
            )
            #expect(Good.problems(Good.with(bound.setting, bad)) == [problem])
        }
    }

    @Test func `numbers arrive where they belong`() throws {
        let settings = try Good.settings(.leaseSeconds, "4")

        #expect(settings.lease == .seconds(4) && settings.maxAttempts == 8)
        #expect(settings.retries.base == .seconds(5) && settings.retries.ceiling == .seconds(1800))
        #expect(settings.grace == .seconds(25) && settings.chunkBytes == 10_000_000)
        #expect(settings.statusDeadline == .seconds(86_400) && settings.concurrency == 256)
    }

    // MARK: Words, names and lists

    @Test(arguments: [
        (Setting.queues, "a"), (.queues, "a,b , c"), (.queues, "a*3,b*1"), (.queues, "a*1000"),
        (.redisKeyPrefix, "{x}:"), (.redisKeyPrefix, String(repeating: "x", count: 64)),
        (.databaseSchema, String(repeating: "s", count: 63)), (.workerName, "w-1"),
        (.workerName, String(repeating: "w", count: 128)), (.logLevel, "debug"),
        (.logLevel, "ERROR"), (.logFormat, "text"), (.celeryEvents, "off"),
        (.httpAddress, "0.0.0.0:80"),
        (.apiURL, "http://127.0.0.1:8090"), (.uploadHosts, "a.example, *.example.com"),
        (.redisURL, "unix:///run/redis.sock?db=1"), (.celeryResultURL, "redis://h:1/2"),
        (.cryptographyKey, Good.key + "," + Good.key), (.celeryDefaultQueue, "low"),
        (.celeryTrackStarted, "on"),
        (.celeryRoutes, "mail.* = mail , note=high,?=x"),
    ])
    func `a good value is taken`(_ setting: Setting, _ value: String) {
        #expect(Good.problems(Good.with(setting, value)) == [])
    }

    @Test(arguments: [
        (Setting.queues, "a,a"), (.queues, ","), (.queues, "a*3,b"), (.queues, "a*0"),
        (.queues, "a*1001"), (.queues, "a*x"), (.queues, "*3"),
        (.queues, String(repeating: "x", count: 129)),
        (.queues, (0..<65).map { "q\($0)" }.joined(separator: ",")),
        (.redisKeyPrefix, String(repeating: "x", count: 65)), (.redisKeyPrefix, "a b"),
        (.redisKeyPrefix, "ü"), (.databaseSchema, String(repeating: "s", count: 64)),
        (.workerName, "a b"), (.workerName, String(repeating: "w", count: 129)),
        (.logLevel, "loud"), (.logFormat, "xml"), (.celeryEvents, "yes"), (.httpAddress, "9090"),
        (.httpAddress, ":9090"), (.httpAddress, "h:65536"), (.webhookAddress, "h:"),
        (.apiURL, "http://open.tiktokapis.com"), (.apiURL, "open.tiktokapis.com"),
        (.apiURL, "https://u:p@open.tiktokapis.com"), (.uploadHosts, "*.com"),
        (.uploadHosts, "http://10.0.0.1"), (.redisURL, "http://x"), (.celeryResultURL, "x"),
        (.databaseURL, "mysql://x"), (.cryptographyKey, "short"), (.cryptographyKey, ","),
        (.mediaRoot, "/nowhere/at/all"), (.mediaRoot, "/etc/passwd"),
        (.celeryTrackStarted, "1"), (.celeryDefaultQueue, "a b"),
        (.celeryDefaultQueue, String(repeating: "x", count: 129)),
        (.celeryRoutes, "note"), (.celeryRoutes, "note="), (.celeryRoutes, "a=b=c"),
        (.celeryRoutes, "a b=c"),
        (.celeryRoutes, (0...200).map { "t\($0)=q" }.joined(separator: ",")),
    ])
    func `a bad value is refused once, by the setting's name`(_ setting: Setting, _ value: String) {
        #expect(Good.problems(Good.with(setting, value)).map(\.setting) == [setting.name])
    }

    @Test func `lists keep their order and their weights`() throws {
        let strict = try Good.settings(.queues, " high , low ").queues
        let weighted = try Good.settings(.queues, "high*3,low*1").queues

        #expect(strict.map(\.name) == ["high", "low"] && strict.allSatisfy { $0.weight == nil })
        #expect(weighted.map(\.name) == ["high", "low"] && weighted.map(\.weight) == [3, 1])
    }

    @Test func `a worker without a name makes one that nobody else has`() throws {
        let names = try (0..<10).map { _ in try Settings(Good.values).workerName }

        #expect(Set(names).count == 10)
    }

    @Test func `an empty variable counts as not set`() {
        let empty = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.name, "") })

        let problems = Good.problems(empty)

        #expect(
            problems.map(\.setting)
                == [Setting.databaseURL.name, Setting.cryptographyKey.name]
        )
        #expect(problems.allSatisfy { $0.rule.hasPrefix("is required; ") })
    }

    @Test func `all problems are told at once`() {
        var values = Dictionary(uniqueKeysWithValues: Self.bounds.map { ($0.setting.name, "x") })
        values[Setting.redisURL.name] = "x"
        values[Setting.queues.name] = ","
        values[Setting.logLevel.name] = "x"

        let problems = Good.problems(values).map(\.setting)

        #expect(problems.count == Self.bounds.count + 5 && Set(problems).count == problems.count)
    }

    // MARK: Webhooks

    private static let app = [
        Setting.clientKey.name: "ck", Setting.clientSecret.name: "cs",
    ]

    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1", UInt16(0)), ("[::1]:8443", "::1", 8443),
        ("0.0.0.0:80", "0.0.0.0", 80), ("localhost:65535", "localhost", 65535),
    ])
    func `an address for webhooks is taken`(_ text: String, _ host: String, _ port: UInt16) throws {
        let values = Good.with(.webhookAddress, text).merging(Self.app) { $1 }

        let webhooks = try #require(try Settings(values).webhooks)

        #expect(webhooks.host == host && webhooks.port == port && webhooks.client.key == "ck")
        #expect(try Settings(Good.values).webhooks == nil)
    }

    @Test(arguments: [
        "9443", ":9443", "h:9443", "example.org:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
        "::1:80", "[127.0.0.1]:80", "[::1]", "127.0.0.1:80/x", "80:80",
    ])
    func `a bad address for webhooks is refused`(_ text: String) {
        let values = Good.with(.webhookAddress, text).merging(Self.app) { $1 }

        #expect(Good.problems(values).map(\.setting) == [Setting.webhookAddress.name])
    }

    @Test(arguments: [Setting.clientKey, .clientSecret])
    func `webhooks need the app's key and secret, each by its name`(_ setting: Setting) {
        let values = Good.with(.webhookAddress, "127.0.0.1:1").merging(Self.app) { $1 }

        let problems = Good.problems(values.filter { $0.key != setting.name })

        #expect(problems.map(\.setting) == [setting.name])
        #expect(problems.first?.rule.contains(Setting.webhookAddress.name) == true)
    }

    // MARK: Secrets

    @Test(arguments: Setting.all.filter(\.isSecret))
    func `a refused secret is never repeated`(_ setting: Setting) {
        let secret = "hunter2"
        let spoilt = [
            secret, "\(secret)://x", "redis://u:\(secret)@", "redis://u:\(secret)@h:99999999/0",
            "postgresql://u:\(secret)@h:port\"/x", "postgresql://u:\(secret)%zz@h/x",
            "postgresql://h/x?sslmode=\(secret)", "rediss://:\(secret)@h:1",
            "host=\(secret) \(secret)",
            "redis+sentinel://:\(secret)@h,h/", "unix://\(secret)", "\(secret),\(secret)",
        ]

        for value in spoilt {
            for problem in Good.problems(Good.with(setting, value)) {
                #expect(!problem.description.contains(secret), "\(problem)")
                #expect(problem.setting == setting.name)
            }
        }
    }

    @Test(arguments: Setting.all.filter(\.isSecret))
    func `a secret may come from a file, but not from both`(_ setting: Setting) throws {
        let file = try SecretFile("\(Good.value(of: setting))\n \n")
        defer { file.remove() }
        var values = Good.values.filter { $0.key != setting.name }
        values[setting.name + "_FILE"] = file.path

        #expect(Good.problems(values) == [])

        values[setting.name] = Good.value(of: setting)
        #expect(
            Good.problems(values).map(\.description)
                == ["\(setting.name): is set, and so is \(setting.name)_FILE; set one of them"]
        )
    }

    @Test(arguments: Setting.all.filter(\.isSecret))
    func `a secret's file that is empty, missing or a folder is refused once`(
        _ setting: Setting
    ) throws {
        let file = try SecretFile(" \n")
        defer { file.remove() }
        for path in [file.path, "/nowhere/at/all", "/etc"] {
            var values = Good.values.filter { $0.key != setting.name }
            values[setting.name + "_FILE"] = path

            #expect(Good.problems(values).map(\.setting) == [setting.name], "\(path)")
        }
    }

    @Test func `a file is no way for what is no secret`() throws {
        let file = try SecretFile("7")
        defer { file.remove() }
        var values = Good.values
        values[Setting.maxAttempts.name + "_FILE"] = file.path

        #expect(try Settings(values).maxAttempts == 8)
    }

    @Test func `the log is given every secret there is`() throws {
        let settings = try Good.settings(.httpToken, "hunter2")

        #expect(settings.secrets.contains("hunter2") && settings.secrets.contains(Good.key))
    }
}

extension Good {
    /// A value that the setting takes.
    static func value(of setting: Setting) -> String {
        values[setting.name] ?? (setting.fallback.isEmpty ? "redis://h:1/0" : setting.fallback)
    }
}

/// A file with a secret, for one test.
struct SecretFile {
    let path: String

    init(_ text: String) throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "secret-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
