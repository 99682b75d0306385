import Foundation
import Redis
import Testing

@testable import Publishing

/// The Lua scripts as text: names, order of keys, syntax.
///
/// What they do is tested on a real Redis.
struct ScriptTests {
    private static let scripts: [RedisScript] = [
        Scripts.claim, Scripts.admit, Scripts.beat, Scripts.recover, Scripts.settle,
        Scripts.raiseFence,
    ]

    @Test func `every key begins with the prefix`() {
        let keys = QueueKeys(prefix: "{mine}:")

        #expect(keys.all.allSatisfy { $0.hasPrefix("{mine}:") && $0.count > 7 })
        #expect(Set(keys.all).count == keys.all.count)
        #expect(keys.stage(of: "tiktok") == keys.all[7] + "tiktok")
    }

    @Test func `the scripts name the keys in the order in which they are given`() throws {
        let names = [
            "leases": "LEASES", "fences": "FENCES", "deliveries": "DELIVERIES",
            "fence": "LAST_FENCE", "dead": "DEAD", "job:": "JOB_OF", "ready:": "READY_OF",
            "stage:": "STAGE_OF", "timers:": "TIMERS_OF", "slots:": "SLOTS_OF", "line:": "LINE_OF",
            "counted:": "COUNTED_OF", "hold:": "HOLD_OF", "owner:": "OWNER_OF",
        ]
        let declarations = Scripts.claim.source.matches(
            of: /local ([A-Z_, ]+) = (KEYS\[\d+\](?:, KEYS\[\d+\])*)/
        )
        var places: [String: Int] = [:]
        for declaration in declarations {
            let words = declaration.1.split(separator: ", ").map(String.init)
            let indices = declaration.2.matches(of: /\d+/).compactMap { Int($0.0) }
            #expect(words.count == indices.count)
            for (word, index) in zip(words, indices) { places[word] = index }
        }

        let keys = QueueKeys(prefix: "").all
        #expect(places.count == keys.count)
        for (index, key) in keys.enumerated() {
            let name = try #require(names[key])
            #expect(places[name] == index + 1, "\(key)")
        }
    }

    @Test(arguments: scripts)
    func `a script spells no key and begins with its flags`(_ script: RedisScript) {
        #expect(script.source.hasPrefix("#!lua flags=allow-oom\n"))
        #expect(!script.source.contains("tiktok"))
        #expect(script.source.components(separatedBy: "#!lua").count == 2)
    }

    @Test(arguments: scripts)
    func `a script takes the time from Redis alone, and nothing at random`(_ script: RedisScript) {
        for call in ["os.time", "os.clock", "math.random", "loadstring", "redis.log"] {
            #expect(!script.source.contains(call))
        }
    }

    @Test(.enabled("no luac here: the scripts' syntax is only tested on Redis") { luac != nil })
    func `luac takes every script`() throws {
        let luac = try #require(Self.luac)
        for script in Self.scripts {
            let file = FileManager.default.temporaryDirectory
                .appending(path: "script-\(UUID().uuidString).lua")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(script.source.utf8).write(to: file)
            let process = Process()
            process.executableURL = luac
            process.arguments = ["-p", file.path]

            try process.run()
            process.waitUntilExit()

            #expect(process.terminationStatus == 0, "\(script.name)")
        }
    }

    private static let luac: URL? = {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return folders.split(separator: ":").flatMap { folder in
            ["luac5.1", "luac"].map { URL(filePath: "\(folder)/\($0)") }
        }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }()
}
