internal import EventLoop
internal import FoundationEssentials
internal import HTTP
internal import Processes
internal import Sandbox

/// The program `tiktok-sandbox`: one sandbox that runs until it is told to stop.
@main
struct TikTokSandbox {
    private static let accountsBytesMax = 1 << 20

    static func main() async {
        // Asked for first, so that a signal during the start is not lost.
        let signals = Signals.listen(to: [.terminate, .interrupt])
        do {
            let arguments = try ToolArguments(CommandLine.arguments.dropFirst())
            guard !arguments.wantsHelp else { return print(ToolArguments.help) }
            let accounts = try accounts(arguments)
            let loop = EventLoop(name: "sandbox")
            let sandbox = try await Sandbox.start(
                on: loop,
                host: arguments.host,
                port: arguments.port,
                options: options(arguments)
            )
            try announce(sandbox, accounts, arguments)
            for await _ in signals { break }
            await sandbox.stop()
        } catch let error as UsageError {
            print("tiktok-sandbox: \(error); --help shows what there is")
            System.exit(2)
        } catch {
            print("tiktok-sandbox cannot start: \(error)")
            System.exit(1)
        }
    }

    private static func options(_ arguments: ToolArguments) -> SandboxOptions {
        var options = SandboxOptions()
        options.clientKey = arguments.clientKey ?? options.clientKey
        options.clientSecret = arguments.clientSecret ?? options.clientSecret
        options.checksFileFormat = arguments.checksFileFormat
        options.isAudited = !arguments.isUnaudited
        options.verifiedPrefixes = arguments.verifiedPrefixes
        options.webhooks.url = arguments.webhookURL
        if let milliseconds = arguments.processingMilliseconds {
            options.processing = .milliseconds(milliseconds)
        }
        return options
    }

    private static func accounts(_ arguments: ToolArguments) throws -> [SandboxAccount] {
        var accounts = arguments.hasDemoAccount ? [SandboxAccount("demo")] : []
        guard let name = arguments.accounts else { return accounts }
        let bytes = name == "-" ? try readStandardInput() : try readFile(name)
        accounts += try SandboxAccount.list(parsing: bytes)
        return accounts
    }

    private static func readFile(_ path: String) throws(UsageError) -> [UInt8] {
        // The size is asked first, so that a huge file is never read; why it cannot be asked or
        // read does not matter to whoever named the wrong file.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let size = attributes[.size] as? any BinaryInteger,
            Int(size) <= accountsBytesMax,
            let data = try? Data(contentsOf: URL(filePath: path))
        else { throw UsageError("\(path) cannot be read, or is larger than a MiB") }
        return Array(data)
    }

    private static func readStandardInput() throws(UsageError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let line = readLine(strippingNewline: false) {
            bytes += line.utf8
            guard bytes.count <= accountsBytesMax else {
                throw UsageError("the accounts are larger than \(accountsBytesMax) bytes")
            }
        }
        return bytes
    }

    /// Says where the sandbox is and what an app may use; the tokens mean nothing elsewhere.
    private static func announce(
        _ sandbox: Sandbox,
        _ accounts: [SandboxAccount],
        _ arguments: ToolArguments
    ) throws {
        let connections = accounts.map { sandbox.addAccount($0) }
        print("tiktok-sandbox listens on \(sandbox.url)")
        for connection in connections {
            print("account \(connection.text)")
        }
        guard let readyFile = arguments.readyFile else { return }
        let ready = sandbox.readyDocument(connections)
        try Data(ready).write(to: URL(filePath: readyFile), options: .atomic)
    }
}
