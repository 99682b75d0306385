import Foundation
import Redis
import Testing

@testable import Publishing

/// The Lua scripts as text: names, order of keys, syntax.
///
/// What they do is tested on a real Redis.
struct ScriptTests {
    private static let scripts = Scripts(QueueKeys(prefix: "{mine}:")).all

    /// All of them: together the scripts name every key.
    private static func constants(of keys: QueueKeys) -> String {
        keys.luaConstants(of: scripts.map(\.source).joined())
    }

    @Test func `the scripts know every key as a constant that begins with the prefix`() {
        let constants = Self.constants(of: QueueKeys(prefix: "{mine}:"))
            .split(separator: "\n")

        #expect(constants.count > 10)
        for constant in constants {
            #expect(constant.wholeMatch(of: /local [A-Z_]+ = '\{mine\}:[a-z_]+:?'/) != nil)
        }
        #expect(Set(constants.map { $0.split(separator: " ")[1] }).count == constants.count)
        #expect(Set(constants.map { $0.split(separator: " ")[3] }).count == constants.count)
    }

    @Test func `a prefix cannot break out of its Lua string`() {
        let constants = Self.constants(of: QueueKeys(prefix: #"'\x"#))

        #expect(constants.contains(#"= '\039\092xleases'"#))
    }

    @Test func `keys that Swift uses are the ones that the scripts use`() {
        let keys = QueueKeys(prefix: "p:")
        let constants = Self.constants(of: keys)

        for key in [keys.dead, keys.leases, keys.inLine, keys.workers, keys.workerStates] {
            #expect(constants.contains("'\(key)'"))
        }
        for key in [
            keys.stage(of: ""), keys.called(of: ""), keys.ready(of: ""), keys.timers(of: ""),
            keys.job(""), keys.owner(of: ""),
        ] {
            #expect(constants.contains("'\(key)'"))
        }
        #expect(keys.pause(of: .queue("a")) == "p:pause:queue:a")
        #expect(keys.pause(of: .account("a")) == "p:pause:account:a")
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
