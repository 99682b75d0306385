internal import Sandbox

/// What the command line asks for.
struct ToolArguments {
    var host = "127.0.0.1"
    var port: UInt16 = 8090
    /// A file with a JSON list of accounts, or `-` for standard input.
    var accounts: String?
    var hasDemoAccount = false
    var readyFile: String?
    var clientKey: String?
    var clientSecret: String?
    var processingMilliseconds: Int?
    var checksFileFormat = false
    var isUnaudited = false
    var verifiedPrefixes: [String] = []
    var webhookURL: String?
    var wantsHelp = false

    static let help = """
        tiktok-sandbox: a strict stand-in for TikTok's Content Posting API and OAuth.

        Usage: tiktok-sandbox [options]

          --host ADDRESS          numeric address to listen on (127.0.0.1)
          --port N                0 takes any free port (8090)
          --accounts FILE         JSON list of accounts, - for standard input; each
                                  {"username":"mira", …} with optional open_id, nickname, scopes,
                                  is_private, privacy_options, max_video_seconds, posts_per_day,
                                  pending_drafts, is_banned, access_token, refresh_token
          --demo-account          makes an account "demo" and prints its tokens
          --client-key KEY        what the OAuth endpoints expect (sandbox-client-key)
          --client-secret SECRET  (sandbox-client-secret)
          --processing-ms N       from the last byte to the verdict (1000)
          --verified-prefix URL   https://host/path/ from which pulls are allowed; repeatable
          --webhook-url URL       where webhooks go, signed with the client secret; loopback only
          --check-format          uploads that do not begin like a video end as FAILED
          --unaudited             the app has not passed TikTok's audit
          --ready-file FILE       gets {"url":…,"accounts":[…]} once the sandbox listens
          --help                  shows this

        The sandbox is steered under /sandbox/ on the same port: POST accounts, codes, faults,
        options, clock, disconnect, drafts/publish, reset; DELETE faults; GET report, journal,
        health. It ends on SIGTERM and SIGINT.
        """

    /// Reads the arguments behind the program's name.
    ///
    /// - Throws: `UsageError` with the argument that is wrong.
    init(_ arguments: some Sequence<String>) throws(UsageError) {
        var rest = arguments.makeIterator()
        while let name = rest.next() {
            switch name {
            case "--help", "-h": wantsHelp = true
            case "--demo-account": hasDemoAccount = true
            case "--check-format": checksFileFormat = true
            case "--unaudited": isUnaudited = true
            default:
                guard let value = rest.next() else {
                    throw UsageError("\(name) is unknown, or its value is missing")
                }
                try set(name, value)
            }
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(UsageError) {
        switch name {
        case "--host": host = value
        case "--accounts": accounts = value
        case "--ready-file": readyFile = value
        case "--client-key": clientKey = value
        case "--client-secret": clientSecret = value
        case "--port":
            guard let number = UInt16(value) else { throw UsageError("--port must be 0 to 65535") }
            port = number
        case "--processing-ms":
            guard let number = Int(value), (0...86_400_000).contains(number) else {
                throw UsageError("--processing-ms must be 0 to 86400000")
            }
            processingMilliseconds = number
        case "--webhook-url":
            guard Sandbox.maySendWebhooks(to: value) else {
                throw UsageError(
                    "--webhook-url must begin with http://127.0.0.1: or http://[::1]:"
                )
            }
            webhookURL = value
        case "--verified-prefix":
            guard value.hasPrefix("https://"), value.hasSuffix("/") else {
                throw UsageError("--verified-prefix must begin with https:// and end with /")
            }
            verifiedPrefixes.append(value)
        default: throw UsageError("\(name) is unknown")
        }
    }
}

/// Why the program cannot start as asked.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
