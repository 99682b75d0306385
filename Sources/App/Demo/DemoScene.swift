internal import Crypto
internal import Files
internal import FoundationEssentials
internal import Processes
internal import Publishing
internal import Sandbox

/// Where the demo's parts are, and the settings that lead to them.
struct DemoScene {
    let folder: String
    let redis: String
    let postgres: String
    let sandbox: String
    /// Where photos are fetched from.
    let mediaHost: String
    private let key: String

    init(folder: String, redis: String, postgres: String, sandbox: String, mediaHost: String) {
        self.folder = folder
        self.redis = redis
        self.postgres = postgres
        self.sandbox = sandbox
        self.mediaHost = mediaHost
        key = (try? FernetKey.generate().text) ?? ""  // an empty key is refused by Settings
    }

    var settingsPath: String { folder + "/demo.env" }
    var workerLog: String { folder + "/worker.log" }

    var settings: [String: String] {
        [
            Setting.redisURL.name: redis,
            Setting.databaseURL.name: postgres,
            Setting.cryptographyKey.name: key,
            Setting.apiURL.name: sandbox,
            Setting.uploadHosts.name: "http://127.0.0.1",
            Setting.mediaRoot.name: folder + "/media",
            Setting.mediaURLPrefix.name: mediaHost,
            Setting.mediaHosts.name: "127.0.0.1",
        ]
    }

    /// A stand-in that would fetch from the demo's media host.
    static func sandboxOptions(mediaHost: String) -> SandboxOptions {
        var options = SandboxOptions()
        options.verifiedPrefixes = [mediaHost]
        return options
    }

    /// One who may post, and one whom TikTok has banned.
    static var accounts: [SandboxAccount] {
        var banned = SandboxAccount("banned")
        banned.isBanned = true
        return [SandboxAccount("mira"), banned]
    }

    func writeSettings() throws {
        let lines = settings.sorted { $0.key < $1.key }.map { "\($0.key)='\($0.value)'\n" }
        try WholeFile.write(Array(lines.joined().utf8), to: settingsPath)
    }

    /// This very program as a worker; it ends with the folder, whatever happens to the demo.
    func startWorker() throws -> ChildProcess {
        let environment = ProcessInfo.processInfo.environment
        return try ChildProcess.launch(
            ChildProcess.Plan(
                "/proc/\(ProcessIdentity.pid)/exe",
                ["work", "--env-file", settingsPath],
                environment: environment.filter { ["PATH", "LD_LIBRARY_PATH"].contains($0.key) },
                workingFolder: folder,
                output: .file(workerLog),
                hasOwnGroup: true
            )
        )
    }
}

extension Accounts.Connection {
    init(_ account: String, _ connection: SandboxConnection) {
        self.init(
            account: account,
            openID: connection.openID,
            username: account,
            scopes: connection.scopes,
            accessToken: SecretText(connection.accessToken),
            refreshToken: SecretText(connection.refreshToken),
            accessExpiresAt: .now + Double(connection.expiresIn),
            refreshExpiresAt: .now + Double(connection.refreshExpiresIn),
            dailyPostLimit: nil
        )
    }
}
