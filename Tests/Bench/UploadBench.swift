import EventLoop
import Files
import Foundation
import HTTP
import PrivateServers
import Processes
import Publishing

/// Our HTTP client against `curl -T`: the same file to the same byte sink, in turns.
///
/// Three ways of ours are measured: the file in one body, as curl sends it, in chunks of 32 MB over
/// one connection, and such chunks hashed on the way, as a worker sends them. The first two must
/// reach the target; the third shows what SHA-256 costs, which curl does not compute.
struct UploadBench {
    /// Least share of curl's speed.
    private static let target = 0.8
    private static let chunkBytes: Int64 = 32_000_000

    let options: Options

    func measure(_ programs: Programs, in folder: TemporaryFolder) async throws -> Bool {
        let sandbox = try await SandboxProcess(programs, in: folder)
        try SparseFile.make(folder.path + "/file", bytes: options.bytes)
        let loop = EventLoop(name: "bench")
        let ours = Ours(
            client: HTTPClient(on: loop),
            file: try await MediaDirectory(path: folder.path).open("file"),
            url: sandbox.ready.url + "/sink"
        )
        let curl = CurlProgram(folder: folder.path, url: sandbox.ready.url + "/sink")

        var times: [String: [Double]] = [:]
        for round in 0...options.rounds {
            let curlTime = try await curl.send()
            let bodyTime = try await ours.send(inPiecesOf: options.bytes, isHashed: false)
            let chunksTime = try await ours.send(inPiecesOf: Self.chunkBytes, isHashed: false)
            let hashedTime = try await ours.send(inPiecesOf: Self.chunkBytes, isHashed: true)
            guard round > 0 else { continue }  // the first one fills the page cache
            times["curl -T", default: []].append(curlTime)
            times["one body", default: []].append(bodyTime)
            times["chunks", default: []].append(chunksTime)
            times["chunks, hashed", default: []].append(hashedTime)
        }
        await ours.client.close()
        loop.stop()
        await sandbox.stop()
        return judge(times)
    }

    private func judge(_ times: [String: [Double]]) -> Bool {
        let curl = times["curl -T"]?.median ?? .infinity
        print("\(options.bytes) bytes, medians of \(options.rounds) rounds in turns:")
        var isMet = true
        for name in ["curl -T", "one body", "chunks", "chunks, hashed"] {
            let seconds = times[name]?.median ?? .infinity
            let ratio = curl / seconds
            isMet = isMet && (ratio >= Self.target || name == "chunks, hashed")
            let speed = Double(options.bytes) / seconds / 1e6
            let numbers = String(format: "%7.3f s %6.0f MB/s  ratio %.2f", seconds, speed, ratio)
            print("  \(name.padding(toLength: 16, withPad: " ", startingAt: 0)) \(numbers)")
        }
        return Bench.judge(isMet, "at least \(Self.target) of curl")
    }
}

/// The way a worker's bytes go: file, blocking threads, event loop, libcurl.
private struct Ours {
    let client: HTTPClient
    let file: OpenFile
    let url: String

    /// - Returns: seconds from the first request to the last answer.
    func send(inPiecesOf pieceBytes: Int64, isHashed: Bool) async throws -> Double {
        let hashing = isHashed ? HashingSource(file) : nil
        let end = file.identity.size
        let began = ContinuousClock.now
        var first: Int64 = 0
        while first < end {
            let start = first
            let length = min(pieceBytes, end - start)
            let body = HTTPBody.stream(length: length) { offset, count in
                guard let hashing else {
                    return try await file.read(at: start + offset, count: count)
                }
                return try await hashing.read(at: start + offset, count: count)
            }
            let request = HTTPRequest("PUT", url, body: body, allowsPlainHTTP: true)
            let answer = try await client.send(request)
            guard answer.status == 200 else { throw BenchFailure("the sink said \(answer.status)") }
            first += length
        }
        _ = try await hashing?.sha256()
        return began.duration(to: .now).inSeconds
    }
}

/// The program `curl`, timed by itself, so that its start does not count.
private struct CurlProgram {
    let folder: String
    let url: String

    func send() async throws -> Double {
        let answer = folder + "/curl.txt"
        try? FileManager.default.removeItem(atPath: answer)  // there is none before the first round
        let curl = try ChildProcess.launch(
            .init(
                "curl",
                [
                    "-q", "-sS", "--noproxy", "*", "-H", "Expect:", "-T", folder + "/file",
                    "-o", "/dev/null", "-w", "%{http_code} %{time_total}", url,
                ],
                output: .file(answer),
                errors: .inherit
            )
        )
        guard await curl.waitForExit(timeout: .seconds(600))?.isSuccess == true else {
            throw BenchFailure("curl failed")
        }
        let words = try String(contentsOfFile: answer, encoding: .utf8).split(separator: " ")
        guard words.first == "200", let seconds = words.last.flatMap({ Double($0) }) else {
            throw BenchFailure("curl was refused")
        }
        return seconds
    }
}
