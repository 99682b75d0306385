import Crypto
import EventLoop
import Files
import Foundation
import PrivateServers
import Processes

/// A real worker with several large uploads at once: its peak of resident memory (VmHWM).
struct MemoryBench {
    let options: Options
    let source: Source

    /// Where the videos are.
    enum Source {
        case files
        /// Behind addresses of a host on this machine.
        case addresses

        /// Megabytes that the worker must stay below.
        var target: Int { self == .files ? 100 : 64 }
    }

    func measure(_ programs: Programs, in folder: TemporaryFolder) async throws -> Bool {
        let names = (1...(source == .files ? options.jobs : 1)).map { "bench\($0)" }
        let loop = EventLoop(name: "media-host")
        defer { loop.stop() }
        let host = try await MediaHost.start(serving: folder.path, on: loop)
        let redis = try await RedisServer.start(in: folder)
        let postgres = try await PostgresServer.start(in: folder)
        let sandbox = try await SandboxProcess(programs, in: folder, accounts: names)
        let publisher = Publisher(
            program: programs.publisher,
            folder: folder.path,
            environment: [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
                "REDIS_URL": redis.url, "DATABASE_URL": postgres.url,
                "CRYPTOGRAPHY_KEY": try FernetKey.generate().text,
                "TIKTOK_API_URL": sandbox.ready.url, "TIKTOK_UPLOAD_HOSTS": "http://127.0.0.1",
                "MEDIA_ROOT": folder.path, "CHUNK_BYTES": "32000000",
                "MEDIA_HOSTS": "127.0.0.1",
            ],
            prefix: source == .files ? "" : host.url
        )
        try await publisher.run(["migrate"])
        for (name, account) in zip(names, sandbox.ready.accounts) {
            try await publisher.connect(name, account)
            try SparseFile.make("\(folder.path)/\(name).mp4", bytes: options.bytes)
        }

        let peak = try await peakWhilePosting(names, publisher)
        await sandbox.stop()
        await host.stop()
        print("peak memory of the worker: \(Double(peak / 100_000) / 10) MB")
        return Bench.judge(peak < source.target * 1_000_000, "below \(source.target) MB")
    }

    private func peakWhilePosting(_ names: [String], _ publisher: Publisher) async throws -> Int {
        let worker = try publisher.launch(["work"], log: "worker.log")
        let began = ContinuousClock.now
        do {
            try await publisher.post(names)
        } catch {
            let tail = publisher.tail("worker.log")
            throw BenchFailure("\(error); the worker's last words:\n\(tail)")
        }
        let seconds = began.duration(to: .now).inSeconds
        let peak = try Self.peak(of: worker.pid)
        let end = await worker.stop(patience: .seconds(40))
        guard end?.isSuccess == true else { throw BenchFailure("the worker ended badly") }
        print(
            "\(names.count) uploads of \(options.bytes) bytes at once, all published in "
                + "\(seconds.rounded()) s"
        )
        return peak
    }

    /// The highest resident memory of a process so far, in bytes.
    private static func peak(of pid: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard
            let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
                .flatMap({ Int($0) })
        else { throw BenchFailure("/proc/\(pid)/status has no VmHWM") }
        return kibibytes * 1024
    }
}

/// The program `tiktok-publisher` with the settings of this run.
private struct Publisher {
    let program: String
    let folder: String
    let environment: [String: String]
    /// What stands before the name of a video.
    let prefix: String

    func launch(
        _ arguments: [String],
        input: String? = nil,
        log: String
    ) throws -> ChildProcess {
        try ChildProcess.launch(
            .init(
                program,
                arguments,
                environment: environment,
                workingFolder: folder,
                input: input.map { .file($0) } ?? .nothing,
                output: .file("\(folder)/\(log)")
            )
        )
    }

    /// Runs a command to its end.
    func run(_ arguments: [String], input: String? = nil) async throws {
        let command = try launch(arguments, input: input, log: "commands.log")
        let exit = await command.waitForExit(timeout: .seconds(900))
        guard exit?.isSuccess == true else {
            if exit == nil { command.send(.kill) }
            throw BenchFailure("\(arguments.first ?? "") failed:\n\(tail("commands.log"))")
        }
    }

    func connect(_ name: String, _ account: SandboxProcess.Ready.Account) async throws {
        let document = [
            "open_id": account.open_id, "username": name, "access_token": account.access_token,
            "refresh_token": account.refresh_token,
        ]
        let path = "\(folder)/\(name).json"
        try WholeFile.write(Array(JSONEncoder().encode(document)), to: path)
        try await run(["accounts", "add", name], input: path)
    }

    /// One job for each account; returns when all are published.
    func post(_ names: [String]) async throws {
        let documents = try names.map { name in
            let video = "\(prefix)\(name).mp4"
            let job = ["id": name, "account": name, "video": video, "privacy": "private"]
            return String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
        }
        let path = folder + "/jobs.jsonl"
        try WholeFile.write(Array(documents.joined(separator: "\n").utf8), to: path)
        try await run(["enqueue", path, "--wait"])
    }

    func tail(_ log: String) -> String {
        // A log that cannot be read has no last words.
        let bytes = (try? WholeFile.read("\(folder)/\(log)", limit: 64 << 20)) ?? []
        return String(decoding: bytes.suffix(2000), as: UTF8.self)
    }
}
