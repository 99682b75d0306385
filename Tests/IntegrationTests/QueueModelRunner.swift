import EventLoop
import Foundation
import PrivateServers
import Redis

/// Runs models, two at a time, each in a database of its own of one Redis.
final class QueueModelRunner: Sendable {
    private let server: RedisServer
    private let folder: TemporaryFolder
    private static let lanes = 2

    private init(_ server: RedisServer, in folder: TemporaryFolder) {
        self.server = server
        self.folder = folder
    }

    /// The one that all tests share; it goes away with this process.
    static func shared() async throws -> QueueModelRunner { try await sharing.value }

    private static let sharing = Task {
        let folder = try TemporaryFolder()
        let lines = ["appendonly no", "enable-debug-command no"]
        let server = try await RedisServer.start(in: folder, configuration: lines)
        return QueueModelRunner(server, in: folder)
    }

    /// How one seed went.
    struct Finding: Sendable {
        let seed: Int
        /// `nil`: every promise held.
        let violation: String?
        let trail: [String]
        let tally: [String: Int]

        var report: String {
            """
            seed \(seed): \(violation ?? "all is well")
            \(trail.suffix(30).joined(separator: "\n"))
            """
        }
    }

    /// An edit of a script's text, by the script's name.
    typealias Edit = @Sendable (_ name: String, _ source: String) -> String

    /// Runs seeds until one breaks a promise or all are done.
    func run(
        seeds: Range<Int>,
        steps: Int,
        editedBy edit: @escaping Edit = { $1 }
    ) async throws -> [Finding] {
        try await withThrowingTaskGroup { group in
            for lane in 0..<Self.lanes {
                group.addTask {
                    try await self.run(
                        Array(seeds).filter { $0 % Self.lanes == lane },
                        steps: steps,
                        lane: lane,
                        editedBy: edit
                    )
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.seed < $1.seed }
        }
    }

    /// Runs seeds one after the other, until one breaks a promise.
    func run(
        _ seeds: [Int],
        steps: Int,
        lane: Int,
        editedBy edit: @escaping Edit
    ) async throws -> [Finding] {
        let loop = EventLoop(name: "model \(lane)")
        defer { loop.stop() }
        let client = RedisClient(try address(lane), on: loop, name: "model")
        var findings: [Finding] = []
        do {
            for seed in seeds {
                let model = QueueModel(seed: seed, over: client, on: loop, editedBy: edit)
                findings.append(try await Self.run(model, seed, steps))
                if findings.last?.violation != nil { break }
            }
        } catch {
            await client.close()
            throw error
        }
        await client.close()
        return findings
    }

    private static func run(
        _ model: QueueModel,
        _ seed: Int,
        _ steps: Int
    ) async throws -> Finding {
        do {
            let tally = try await model.run(steps: steps)
            return Finding(seed: seed, violation: nil, trail: [], tally: tally)
        } catch {
            let trail = await model.trail
            let tally = await model.record.tally
            return Finding(
                seed: seed,
                violation: "\(error)",
                trail: trail,
                tally: tally
            )
        }
    }

    func address(_ lane: Int) throws -> RedisAddress {
        guard let socket = server.socketPath else {
            return try RedisAddress(server.url.dropLast() + "\(lane)")
        }
        return try RedisAddress("unix://:\(server.password)@\(socket)?db=\(lane)")
    }
}
