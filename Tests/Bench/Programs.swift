import Files
import Foundation
import PrivateServers
import Processes
import Support

/// The programs of this package, as they stand beside this one.
struct Programs {
    let publisher: String
    let sandbox: String

    init() throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(filePath: own).deletingLastPathComponent()
        publisher = folder.appending(path: "tiktok-publisher").path
        sandbox = folder.appending(path: "tiktok-sandbox").path
        for program in [publisher, sandbox] {
            guard FileManager.default.isExecutableFile(atPath: program) else {
                throw BenchFailure("\(program) is not built; `swift build -c release` builds it")
            }
        }
    }
}

extension Programs {
    /// Gives a measurement the programs and a folder, which goes away afterwards.
    static func run(
        _ measure: (Programs, TemporaryFolder) async throws -> Bool
    ) async throws -> Bool {
        let programs = try Programs()
        let folder = try TemporaryFolder()
        // After an error it goes by itself, unwaited for.
        let isMet = try await measure(programs, folder)
        try await folder.remove()
        return isMet
    }
}

/// A `tiktok-sandbox` in a process of its own, so that its work is not counted as ours.
struct SandboxProcess {
    /// What the sandbox says of itself once it listens.
    struct Ready: Decodable {
        struct Account: Decodable {
            let open_id: String
            let access_token: String
            let refresh_token: String
        }
        let url: String
        let accounts: [Account]
    }

    let ready: Ready
    private let process: ChildProcess

    /// - Parameter accounts: user names.
    init(
        _ programs: Programs,
        in folder: TemporaryFolder,
        accounts: [String] = []
    ) async throws {
        let list = accounts.map { "{\"open_id\":\"\($0)\",\"username\":\"\($0)\"}" }
        let accountsPath = folder.path + "/accounts.json"
        let readyPath = folder.path + "/ready.json"
        try WholeFile.write(Array("[\(list.joined(separator: ","))]".utf8), to: accountsPath)
        process = try ChildProcess.launch(
            .init(
                programs.sandbox,
                ["--port", "0", "--accounts", accountsPath, "--ready-file", readyPath],
                workingFolder: folder.path,
                output: .file(folder.path + "/sandbox.log")
            )
        )
        var found: Ready?
        for _ in 0..<100 where found == nil {
            // Not there yet: the sandbox writes it in one step, once it listens.
            found = (try? WholeFile.read(readyPath, limit: 1 << 20)).flatMap {
                try? JSONDecoder().decode(Ready.self, from: Data($0))
            }
            if found == nil { try await Task.sleep(for: .milliseconds(100)) }
        }
        guard let found else { throw BenchFailure("tiktok-sandbox does not listen") }
        ready = found
    }

    func stop() async {
        _ = await process.stop(patience: .seconds(10))
    }
}

/// An MP4 that takes no room on the disk.
enum SparseFile {
    static func make(_ path: String, bytes: Int64) throws {
        try WholeFile.write(TestMovie().head(total: bytes), to: path)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: UInt64(bytes))
        try file.close()
    }
}
